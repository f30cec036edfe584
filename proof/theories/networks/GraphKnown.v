(** Which values of a graph are known once its outputs are, by what steps keep and by layers. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals FMapPositive Lra Lia.
From Proof Require Import Layers Streams Tables.
From Proof.convolution Require Import Convolutions Windows.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals EndsOfGraphs GraphEnds GraphLayers
  LayersOfGraphs.
Import ListNotations.
Open Scope Z_scope.

Definition learn (known v : Z) : Z := if 0 <=? v then with_member known v else known.
Definition learn_all (known : Z) (l : list Z) : Z := fold_left learn l known.

Definition all_known (known : Z) (l : list Z) : bool := forallb (member known) l.

(** The values that are not known, each once, if it is one only. *)
Definition only_unknown (known : Z) (read : list Z) : option Z :=
  match filter (fun v => negb (member known v)) read with
  | [] => None
  | u :: others => if forallb (fun v => v =? u) others then Some u else None
  end.

Definition signs_of (signed : list (Z * Z)) (u : Z) : Z := fold_right (fun p t => if snd p =? u then fst p + t else t) 0 signed.

Definition set_of (l : list Z) : PositiveMap.t unit :=
  fold_left (fun s j => if 0 <=? j then PositiveMap.add (place j) tt s else s) l (PositiveMap.empty unit).

Definition same_sizes_as (sizes : table Z) (read : list Z) (n : Z) : bool :=
  forallb (fun v => match entry sizes v with Some m => m =? n | None => false end) read.

Definition is_all (t : told) : bool := match t with TellsAll => true | Tells _ => false end.

Definition tells_each (op : operation) (slopes : table Q) (ends : Z -> delayed interval) (n : Z) : bool :=
  forallb (fun i => is_all (told_by op slopes i (ends i))) (numbers n).

(** The values that follow from that of a step, and from those that are known. *)
Definition kept (P : prepared_graph) (with_ends : bool) (known v : Z) (s : step) : list Z :=
  match operation_of s, reads s with
  | ScaleStep _ scale _, z :: _ =>
      match scale with [] => [] | _ => if forallb (fun q => negb (Qnum q =? 0)) scale then [z] else [] end
  | SumStep signs, read =>
      match only_unknown known read, entry (the_sizes P) v with
      | Some u, Some n =>
          if Nat.eqb (length signs) (length read) && negb (signs_of (combine signs read) u =? 0) && same_sizes_as (the_sizes P) read n
          then [u] else []
      | _, _ => []
      end
  | MoveStep moved _, z :: _ =>
      match entry (the_sizes P) z with
      | Some n => let set := set_of moved in if forallb (is_column set) (numbers n) then [z] else []
      | None => []
      end
  | JoinStep, read => if forallb (fun u => match entry (the_sizes P) u with Some _ => true | None => false end) read then read else []
  | op, z :: _ =>
      if reads_entries op && negb (member known z) then
        match entry (the_sizes P) z with
        | Some n =>
            if tells_each op (slope_table op) (fun i => Delay (fun _ => if with_ends then interval_at (the_ends P) z i else no_ends)) n
            then [z] else []
        | None => []
        end
      else []
  | _, [] => []
  end.

Definition is_constant (op : operation) : bool := match op with ConstantStep _ => true | _ => false end.

Definition step_learned (P : prepared_graph) (with_ends : bool) (layers : list (Z * Z)) (known v : Z) : Z :=
  match entry (the_steps P) v with
  | Some (Some s) =>
      let reads_something := match reads s with [] => is_constant (operation_of s) | _ => true end in
      let known := if all_known known (reads s) && reads_something then learn known v else known in
      if member known v then
        let known := learn_all known (kept P with_ends known v s) in
        fold_left (fun known l => if fst l =? v then learn known (snd l) else known) layers known
      else known
  | _ => known
  end.

Definition layers_learned (layers : list (Z * Z)) (known : Z) : Z :=
  fold_left (fun known l => if member known (fst l) then learn known (snd l) else known) layers known.

(** Through all steps, from the last to the first, until nothing changes. *)
Fixpoint settled {A : Type} (P : prepared_graph) (with_ends : bool) (layers : list (Z * Z)) (steps : list Z) (rounds : list A)
  (known : Z) : Z :=
  match rounds with
  | [] => known
  | _ :: rounds' =>
      let next := layers_learned layers (fold_left (step_learned P with_ends layers) steps known) in
      if next =? known then known else settled P with_ends layers steps rounds' next
  end.

Definition known_values (P : prepared_graph) (layers : list (Z * Z)) : Z :=
  let inputs := numbers (Z.of_nat (length (graph_inputs (the_graph P)))) in
  let all := numbers (size (the_steps P)) in
  let steps := rev all in
  let known := settled P false layers steps all (learn_all 0 (graph_outputs (the_graph P))) in
  if all_known known inputs then known else settled P true layers steps all known.

Fixpoint first_not_known (known : Z) (inputs : list Z) : option Z :=
  match inputs with
  | [] => None
  | v :: rest => if member known v then first_not_known known rest else Some v
  end.

Definition unknown_input (P : prepared_graph) (layers : list (Z * Z)) : option Z :=
  first_not_known (known_values P layers) (numbers (Z.of_nat (length (graph_inputs (the_graph P))))).

(** * Proof *)

Open Scope R_scope.

Section Two.

Variable P : prepared_graph.
Variable I : interpretation.
Variables V W : Z -> list R.
Hypothesis run_V : run_of P I V.
Hypothesis run_W : run_of P I W.
Variable layers : list (Z * Z).
Hypothesis layers_right : forall l, In l layers -> V (fst l) = W (fst l) -> V (snd l) = W (snd l).

Definition right_known (known : Z) : Prop := forall v, member known v = true -> V v = W v.

Lemma learn_right : forall known v, right_known known -> V v = W v -> right_known (learn known v).
Proof.
  intros known v K E u U. unfold learn in U. destruct (Z.leb_spec 0 v) as [L|L]; [|apply K, U].
  apply member_with in U as [->|U]; [exact E|apply K, U|exact L].
Qed.

Lemma learn_all_right : forall l known, right_known known -> (forall v, In v l -> V v = W v) -> right_known (learn_all known l).
Proof.
  induction l as [|v l IH]; intros known K E; [exact K|]. apply (IH (learn known v)).
  - apply learn_right; [exact K|apply E; left; reflexivity].
  - intros u U. apply E. right. exact U.
Qed.

Lemma same_entries : forall v, length (V v) = length (W v) ->
  (forall i, (0 <= i < Z.of_nat (length (V v)))%Z -> entry_at (V v) i = entry_at (W v) i) -> V v = W v.
Proof.
  intros v L E. apply (nth_ext _ _ 0 0); [exact L|]. intros k K. specialize (E (Z.of_nat k) ltac:(lia)). unfold entry_at in E.
  rewrite Nat2Z.id in E. exact E.
Qed.

Lemma set_of_spec : forall l s j, (0 <= j)%Z ->
  PositiveMap.find (place j) (fold_left (fun s j => if (0 <=? j)%Z then PositiveMap.add (place j) tt s else s) l s) <> None ->
  PositiveMap.find (place j) s <> None \/ In j l.
Proof.
  induction l as [|i l IH]; intros s j J H; [left; exact H|]. cbn [fold_left] in H. destruct (Z.leb_spec 0 i) as [L|L].
  - destruct (IH _ j J H) as [F|F]; [|right; right; exact F]. destruct (Pos.eq_dec (place j) (place i)) as [E|E].
    + right. left. symmetry. apply place_same; assumption.
    + rewrite PositiveMap.gso in F by exact E. left. exact F.
  - destruct (IH _ j J H) as [F|F]; [left; exact F|right; right; exact F].
Qed.

Lemma in_set_of : forall l j, (0 <= j)%Z -> is_column (set_of l) j = true -> In j l.
Proof.
  intros l j J H. unfold is_column, set_of in H. destruct (set_of_spec l (PositiveMap.empty unit) j J) as [F|F].
  - destruct (PositiveMap.find _ _); discriminate.
  - rewrite PositiveMap.gempty in F. contradiction.
  - exact F.
Qed.

(** ** What steps keep *)

Variable k : nat.
Variable v : Z.
Hypothesis known_value : V v = W v.

Lemma scale_kept : forall each scale shift z others, scale <> [] -> forallb (fun q => negb (Qnum q =? 0)%Z) scale = true ->
  length (V z) = length (W z) -> V v = step_value I k (ScaleStep each scale shift) (map V (z :: others)) ->
  W v = step_value I k (ScaleStep each scale shift) (map W (z :: others)) -> V z = W z.
Proof.
  intros each scale shift z others N F L EV EW. apply same_entries; [exact L|]. intros i B.
  assert (E := f_equal (fun l => entry_at l i) known_value). cbn beta in E. rewrite EV, EW in E. cbn [step_value map nth] in E.
  rewrite !entry_at_each in E by lia.
  assert (NZ : chosen_number each scale i <> 0).
  { unfold chosen_number. assert (LS : (0 < length scale)%nat) by (destruct scale; [contradiction|cbn; lia]).
    assert (M := Z.mod_pos_bound (i / each) (Z.of_nat (length scale)) ltac:(lia)).
    assert (IN : In (nth (Z.to_nat ((i / each) mod Z.of_nat (length scale))) scale 0%Q) scale) by (apply nth_In; lia).
    rewrite forallb_forall in F. specialize (F _ IN).
    assert (Z0 := is_zero_value (nth (Z.to_nat ((i / each) mod Z.of_nat (length scale))) scale 0%Q)).
    apply negb_true_iff in F. rewrite F in Z0. exact Z0. }
  apply Rmult_eq_reg_l with (chosen_number each scale i); [lra|exact NZ].
Qed.

Lemma sum_kept : forall signs read u n, length signs = length read -> signs_of (combine signs read) u <> 0%Z ->
  (forall r, In r read -> r <> u -> V r = W r) -> (forall r, In r read -> Z.of_nat (length (V r)) = n /\
    Z.of_nat (length (W r)) = n) ->
  In u read -> V v = step_value I k (SumStep signs) (map V read) -> W v = step_value I k (SumStep signs) (map W read) -> V u = W u.
Proof.
  intros signs read u n LS NZ O S IU EV EW. destruct (S u IU) as [LV LW]. apply same_entries; [lia|]. intros i B.
  destruct read as [|r0 others]; [destruct IU|]. set (read := r0 :: others) in *.
  assert (E := f_equal (fun l => entry_at l i) known_value). cbn beta in E. rewrite EV, EW in E. cbn [step_value] in E.
  assert (FV : nth 0 (map V read) [] = V r0) by reflexivity. assert (FW : nth 0 (map W read) [] = W r0) by reflexivity.
  rewrite FV, FW in E.
  destruct (S r0 (or_introl eq_refl)) as [L0 L1].
  rewrite (entry_at_numbered (fun i => total (fun p => IZR (fst p) * entry_at (snd p) i) (combine signs (map V read)))) in E by lia.
  rewrite (entry_at_numbered (fun i => total (fun p => IZR (fst p) * entry_at (snd p) i) (combine signs (map W read)))) in E by lia.
  rewrite !combine_map_right in E.
  assert (G : forall signed, (forall p, In p signed -> In (snd p) read) ->
    total (fun p => IZR (fst p) * entry_at (snd p) i) (map (fun p => (fst p, V (snd p))) signed)
    - total (fun p => IZR (fst p) * entry_at (snd p) i) (map (fun p => (fst p, W (snd p))) signed)
    = IZR (signs_of signed u) * (entry_at (V u) i - entry_at (W u) i)).
  { induction signed as [|[s r] signed IH]; intro H; cbn [map total signs_of fold_right fst snd]; [ring|]. fold (signs_of signed u).
    specialize (IH (fun p IP => H p (or_intror IP))). destruct (Z.eqb_spec r u) as [->|N].
    - rewrite plus_IZR. lra.
    - rewrite (O r (H (s, r) (or_introl eq_refl)) N). lra. }
  specialize (G (combine signs read)). rewrite E in G.
  assert (G0 : 0 = IZR (signs_of (combine signs read) u) * (entry_at (V u) i - entry_at (W u) i)).
  { rewrite <- G; [ring|]. intros [s r] IP. apply in_combine_r in IP. exact IP. }
  symmetry in G0. apply Rmult_integral in G0 as [G0|G0]; [apply eq_IZR in G0; contradiction|lra].
Qed.

Lemma move_kept : forall moved fill z others, (forall i, (0 <= i < Z.of_nat (length (V z)))%Z -> In i moved) ->
  length (V z) = length (W z) ->
  V v = step_value I k (MoveStep moved fill) (map V (z :: others)) ->
    W v = step_value I k (MoveStep moved fill) (map W (z :: others)) -> V z = W z.
Proof.
  intros moved fill z others M L EV EW. apply same_entries; [exact L|]. intros i B. assert (IM := M i B).
  assert (E := known_value). rewrite EV, EW in E. cbn [step_value map nth] in E.
  apply (In_nth _ _ 0%Z) in IM as (j & J & EJ).
  set (h := fun (U : Z -> list R) j => if (j <? 0)%Z then Q2R fill else entry_at (U z) j) in *.
  assert (X := f_equal (fun l => nth j l (h V 0%Z)) E). cbn beta in X.
  change (nth j (map (h V) moved) (h V 0%Z) = nth j (map (h W) moved) (h V 0%Z)) in X.
  rewrite (map_nth (h V)), (nth_indep (map (h W) moved) _ (h W 0%Z)), (map_nth (h W)), EJ in X by (rewrite map_length; exact J).
  unfold h in X. destruct (Z.ltb_spec i 0); [lia|exact X].
Qed.

Lemma join_kept : forall read, (forall r, In r read -> length (V r) = length (W r)) -> concat (map V read) = concat (map W read) ->
  forall r, In r read -> V r = W r.
Proof.
  induction read as [|u read IH]; intros L E r IR; [destruct IR|]. cbn [map concat] in E.
  assert (X : V u = W u /\ concat (map V read) = concat (map W read)).
  { assert (LU := L u (or_introl eq_refl)). revert E LU.
    generalize (V u) as a, (W u) as b, (concat (map V read)) as c, (concat (map W read)) as d.
    clear. induction a as [|t a IH]; intros [|s b] c d E L; try discriminate L; [split; [reflexivity|exact E]|].
    cbn [app] in E. injection E as -> E. injection L as L. destruct (IH b c d E L) as [-> ->]. split; reflexivity. }
  destruct X as [X Y]. destruct IR as [<-|IR]; [exact X|]. apply (IH (fun r IR => L r (or_intror IR)) Y r IR).
Qed.

End Two.
