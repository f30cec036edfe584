(** Rule "graph-composition": by proofs of its layers, and by what its steps keep, the outputs of a graph tell its inputs. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals FMapPositive Lra Lia.
From Proof Require Import Layers Streams Tables.
From Proof.convolution Require Import Convolutions Windows.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals EndsOfGraphs GraphEnds GraphLayers
  LayersOfGraphs GraphKnown
  ResidualLayers ConvolutionLayers.
Import ListNotations.
Open Scope Z_scope.

Inductive graph_layer :=
  | LayerByRows (L : rows_layer)
  | LayerByConvolution (L : convolution_layer)
  | LayerByResidual (L : residual_layer).

Definition any_layer_fault (P : prepared_graph) (l : graph_layer) : option graph_fault :=
  match l with
  | LayerByRows L => layer_fault P L
  | LayerByConvolution L => convolution_fault P L
  | LayerByResidual L => residual_fault P L
  end.

(** The output and the source of a layer. *)
Definition ends_of_layer (l : graph_layer) : Z * Z :=
  match l with
  | LayerByRows L => (layer_output L, layer_source L)
  | LayerByConvolution L => (convolution_output L, convolution_source L)
  | LayerByResidual L => (residual_output L, residual_source L)
  end.

(** The layers that are accepted, unless one is not. *)
Fixpoint accepted_layers (P : prepared_graph) (layers : stream graph_layer) (before : list (Z * Z)) : graph_answer (list (Z * Z)) :=
  match layers with
  | Done => Right (rev before)
  | More l rest =>
      match any_layer_fault P l with
      | Some why => Wrong why
      | None => accepted_layers P rest (ends_of_layer l :: before)
      end
  end.

Definition right_domain (K : domain) : bool := match K with Space | Orthant | Box _ _ => true | _ => false end.

Definition check_graph (K : domain) (G : graph) (layers : stream graph_layer) : graph_answer unit :=
  if right_domain K then
    match prepared_graph_of K G with
    | None => Wrong NotWellFormed
    | Some P =>
        match accepted_layers P layers [] with
        | Wrong why => Wrong why
        | Right found => match unknown_input P found with Some v => Wrong (NotKnown v) | None => Right tt end
        end
    end
  else Wrong LayerDomain.

(** * Proof *)

Open Scope R_scope.

Section Two.

Variable P : prepared_graph.
Variable I : interpretation.
Variables V W : Z -> list R.
Hypothesis run_V : run_of P I V.
Hypothesis run_W : run_of P I W.

Lemma only_unknown_spec : forall known read u, only_unknown known read = Some u ->
  In u read /\ forall r, In r read -> r <> u -> member known r = true.
Proof.
  intros known read u H. unfold only_unknown in H. destruct (filter _ read) as [|u' others] eqn:F; [discriminate|].
  destruct (forallb (fun v => (v =? u')%Z) others) eqn:A; [|discriminate]. injection H as ->. rewrite forallb_forall in A. split.
  - assert (IN : In u (filter (fun v => negb (member known v)) read)) by (rewrite F; left; reflexivity). apply filter_In in IN.
    apply IN.
  - intros r R N. destruct (member known r) eqn:M; [reflexivity|exfalso].
    assert (IN : In r (u :: others)) by (rewrite <- F; apply filter_In; rewrite M; split; [exact R|reflexivity]).
    destruct IN as [E|IN]; [congruence|]. apply A, Z.eqb_eq in IN. congruence.
Qed.

Lemma entry_kept : forall with_ends v op z others n, entry (the_steps P) v = Some (Some (Step op (z :: others))) -> V v = W v ->
  reads_entries op = true -> entry (the_sizes P) z = Some n ->
  tells_each op (slope_table op) (fun i => Delay (fun _ => if with_ends : bool then
    interval_at (the_ends P) z i else no_ends)) n = true ->
  V z = W z.
Proof.
  intros with_ends v op z others n S E R N T. destruct (same_sizes P I V W run_V run_W _ _ N) as [LV LW].
  destruct (run_has_steps _ _ _ run_V _ _ S) as (EV & DV & OV), (run_has_steps _ _ _ run_W _ _ S) as (EW & DW & _).
  cbn [operation_of reads] in *.
  apply (same_entries V W z); [lia|]. intros i B. unfold tells_each in T. rewrite forallb_forall in T.
  specialize (T i). rewrite numbers_below in T. specialize (T (proj2 (in_below n i) ltac:(lia))).
  set (ends := Delay (fun _ => if with_ends then interval_at (the_ends P) z i else no_ends)) in *.
  assert (TS : tells_same (told_by op (slope_table op) i ends) (entry_at (V z) i) (entry_at (W z) i)).
  { apply (told_by_right (one_to_one I (step_number P v))).
    - exact R.
    - intros name -> F. cbn [step_defined map nth] in DV, DW. destruct (OV name eq_refl) as [INJ _].
      rewrite Forall_forall in DV, DW. apply INJ; [apply DV, nth_In; lia|apply DW, nth_In; lia|exact F].
    - unfold ends. cbn [force]. destruct with_ends; [apply (run_has_ends _ _ _ run_V)|apply no_ends_right].
    - unfold ends. cbn [force]. destruct with_ends; [apply (run_has_ends _ _ _ run_W)|apply no_ends_right].
    - assert (X := f_equal (fun l => entry_at l i) E). cbn beta in X. rewrite EV, EW in X.
      rewrite !entry_step in X by (exact R || lia). exact X. }
  destruct (told_by op (slope_table op) i ends); [exact TS|discriminate T].
Qed.

Lemma kept_right : forall with_ends known v s, right_known V W known -> entry (the_steps P) v = Some (Some s) -> V v = W v ->
  forall u, In u (kept P with_ends known v s) -> V u = W u.
Proof.
  intros with_ends known v [op read] K S E u U.
  destruct (run_has_steps _ _ _ run_V _ _ S) as (EV & _ & _), (run_has_steps _ _ _ run_W _ _ S) as (EW & _ & _).
  assert (L : forall z n, entry (the_sizes P) z = Some n -> Z.of_nat (length (V z)) = n /\ Z.of_nat (length (W z)) = n)
    by (intros z n; apply (same_sizes P I V W run_V run_W)).
  unfold kept in U. cbn [operation_of reads] in *.
  assert (EN : reads_entries op = true -> forall z others, read = z :: others ->
    In u (if reads_entries op && negb (member known z) then
        match entry (the_sizes P) z with
        | Some n => if tells_each op (slope_table op) (fun i => Delay (fun _ => if with_ends then
          interval_at (the_ends P) z i else no_ends)) n
                    then [z] else []
        | None => []
        end else []) -> V u = W u).
  { intros R z others -> F. rewrite R in F. destruct (negb (member known z)); cbn [andb] in F; [|destruct F].
    destruct (entry (the_sizes P) z) as [n|] eqn:N; [|destruct F]. destruct (tells_each _ _ _ n) eqn:T in F; [|destruct F].
    destruct F as [<-|[]]. apply (entry_kept with_ends v op z others n S E R N T). }
  destruct op; try (destruct read as [|z others]; [destruct U|];
    first [apply (EN eq_refl z others eq_refl U) | (cbn [reads_entries andb] in U; destruct U)]).
  - destruct read as [|z others]; [destruct U|]. destruct scale as [|q scale]; [destruct U|].
    destruct (forallb _ (q :: scale)) eqn:F in U; [|destruct U]. destruct U as [<-|[]].
    assert (LZ : length (V z) = length (W z)).
    { assert (X := f_equal (@length R) E). rewrite EV, EW in X. cbn [step_value map nth] in X. rewrite !each_entry_length in X.
      exact X. }
    apply (scale_kept I V W (step_number P v) v E each (q :: scale) shift z others); try assumption. discriminate.
  - destruct (only_unknown known read) as [w|] eqn:O; [|destruct U]. destruct (entry (the_sizes P) v) as [n|]; [|destruct U].
    destruct (_ && _)%bool eqn:C in U; [|destruct U]. destruct U as [<-|[]]. apply andb_prop in C as [C CS].
    apply andb_prop in C as [C1 C2].
    apply Nat.eqb_eq in C1. apply negb_true_iff, Z.eqb_neq in C2. apply only_unknown_spec in O as [IW OW].
    apply (sum_kept I V W (step_number P v) v E signs read w n); try assumption.
    + intros r IR N. apply K, OW; assumption.
    + intros r IR. unfold same_sizes_as in CS. rewrite forallb_forall in CS. specialize (CS r IR).
      destruct (entry (the_sizes P) r) as [m|] eqn:M; [|discriminate]. apply Z.eqb_eq in CS. subst m. apply L, M.
  - destruct read as [|z others]; [destruct U|]. destruct (entry (the_sizes P) z) as [n|] eqn:N; [|destruct U].
    destruct (forallb (is_column (set_of moved)) (numbers n)) eqn:F in U; [|destruct U]. destruct U as [<-|[]].
    destruct (L z n N) as [L1 L2]. apply (move_kept I V W (step_number P v) v E moved fill z others); try assumption; [|lia].
    intros i B. apply in_set_of; [lia|]. rewrite forallb_forall in F. apply F. rewrite numbers_below. apply in_below. lia.
  - destruct (forallb _ read) eqn:F in U; [|destruct U]. rewrite forallb_forall in F. cbn [step_value] in EV, EW.
    apply (join_kept V W read); [|rewrite <- EV, <- EW; exact E|exact U].
    intros r IR. specialize (F r IR). destruct (entry (the_sizes P) r) as [n|] eqn:N; [|discriminate]. destruct (L r n N). lia.
Qed.

Variable layers : list (Z * Z).
Hypothesis layers_right : forall l, In l layers -> V (fst l) = W (fst l) -> V (snd l) = W (snd l).

Lemma fold_layers_right : forall (test : Z -> Z * Z -> bool), (forall known l, right_known V W known -> test known l = true ->
  V (fst l) = W (fst l)) ->
  forall ls known, (forall l, In l ls -> In l layers) -> right_known V W known ->
  right_known V W (fold_left (fun known l => if test known l then learn known (snd l) else known) ls known).
Proof.
  intros test T. induction ls as [|l ls IH]; intros known S K; [exact K|]. cbn [fold_left]. apply IH.
  - intros m M. apply S. right. exact M.
  - destruct (test known l) eqn:E; [|exact K]. apply learn_right; [exact K|]. apply layers_right; [apply S; left; reflexivity|].
    apply (T known l K E).
Qed.

Lemma step_learned_right : forall with_ends known v, right_known V W known ->
  right_known V W (step_learned P with_ends layers known v).
Proof.
  intros with_ends known v K. unfold step_learned. destruct (entry (the_steps P) v) as [[s|]|] eqn:S; try exact K.
  set (known1 := if (_ && _)%bool then learn known v else known).
  assert (K1 : right_known V W known1).
  { unfold known1. destruct (all_known known (reads s)) eqn:A; cbn [andb]; [|exact K].
    destruct (match reads s with [] => _ | _ => true end); [|exact K].
    apply learn_right; [exact K|]. unfold all_known in A. rewrite forallb_forall in A.
    destruct (run_has_steps _ _ _ run_V _ _ S) as (EV & _ & _), (run_has_steps _ _ _ run_W _ _ S) as (EW & _ & _). rewrite EV, EW.
    f_equal.
    apply map_ext_in. intros r R. apply K, A, R. }
  clearbody known1. destruct (member known1 v) eqn:M; [|exact K1].
  assert (EVW := K1 v M).
  apply (fold_layers_right (fun _ l => (fst l =? v)%Z)).
  - intros _ l _ F. apply Z.eqb_eq in F. rewrite F. exact EVW.
  - auto.
  - apply learn_all_right; [exact K1|]. intros u U. apply (kept_right with_ends known1 v s K1 S EVW u U).
Qed.

Lemma fold_steps_right : forall with_ends steps known, right_known V W known ->
  right_known V W (fold_left (step_learned P with_ends layers) steps known).
Proof. intros with_ends. induction steps as [|v steps IH]; intros known K; [exact K|]. cbn [fold_left].
apply IH, step_learned_right, K. Qed.

Lemma settled_right : forall with_ends steps A (rounds : list A) known, right_known V W known ->
  right_known V W (settled P with_ends layers steps rounds known).
Proof.
  intros with_ends steps A. induction rounds as [|r rounds IH]; intros known K; cbn [settled]; [exact K|].
  set (next := layers_learned layers _). assert (KN : right_known V W next).
  { unfold next, layers_learned. apply (fold_layers_right (fun known l => member known (fst l))).
    - intros known' l K' M. apply K', M.
    - auto.
    - apply fold_steps_right, K. }
  destruct (next =? known)%Z; [exact K|]. apply IH, KN.
Qed.

Lemma known_right : (forall v, In v (graph_outputs (the_graph P)) -> V v = W v) -> right_known V W (known_values P layers).
Proof.
  intro O. unfold known_values. set (known := settled P false _ _ _ _).
  assert (K : right_known V W known).
  { unfold known. apply settled_right, learn_all_right; [|exact O]. intros v M. rewrite member_none in M. discriminate. }
  destruct (all_known known _); [exact K|]. apply settled_right, K.
Qed.

End Two.

Lemma first_not_known_none : forall known inputs, first_not_known known inputs = None -> forall v, In v inputs ->
  member known v = true.
Proof.
  intros known. induction inputs as [|u rest IH]; intros H v IV; [destruct IV|]. cbn [first_not_known] in H.
  destruct (member known u) eqn:M; [|discriminate]. destruct IV as [<-|IV]; [exact M|apply (IH H v IV)].
Qed.

Lemma inputs_same : forall counts x y, (forall r, (r < length counts)%nat ->
  nth r (input_values counts x) [] = nth r (input_values counts y) []) ->
  same (fold_right (fun c n => (Z.to_nat c + n)%nat) O counts) x y.
Proof.
  induction counts as [|c rest IH]; intros x y E j J; cbn [fold_right length input_values] in *; [lia|].
  destruct (Nat.lt_ge_cases j (Z.to_nat c)) as [L|L].
  - specialize (E O ltac:(lia)). cbn [nth] in E.
    assert (X := f_equal (fun l => nth j l (x O)) E). cbn beta in X.
    rewrite map_nth, (nth_indep _ (x O) (y O)), map_nth, seq_nth in X by (rewrite ?map_length, ?seq_length; exact L). exact X.
  - assert (S := IH (fun j => x (Z.to_nat c + j)%nat) (fun j => y (Z.to_nat c + j)%nat) (fun r R =>
    E (S r) ltac:(lia)) (j - Z.to_nat c)%nat ltac:(lia)).
    cbn beta in S. replace (Z.to_nat c + (j - Z.to_nat c))%nat with j in S by lia. exact S.
Qed.

Lemma any_layer_right : forall P I V W l, any_layer_fault P l = None -> run_of P I V -> run_of P I W ->
  V (fst (ends_of_layer l)) = W (fst (ends_of_layer l)) -> V (snd (ends_of_layer l)) = W (snd (ends_of_layer l)).
Proof.
  intros P I V W [L|L|L] H RV RW E; cbn [any_layer_fault ends_of_layer fst snd] in *.
  - apply (layer_right P I V W L H RV RW E).
  - apply (convolution_right P I V W L H RV RW E).
  - apply (residual_right P I V W L H RV RW E).
Qed.

Lemma accepted_layers_right : forall P I V W, run_of P I V -> run_of P I W -> forall layers before found,
  accepted_layers P layers before = Right found -> (forall l, In l before -> V (fst l) = W (fst l) -> V (snd l) = W (snd l)) ->
  forall l, In l found -> V (fst l) = W (fst l) -> V (snd l) = W (snd l).
Proof.
  intros P I V W RV RW. induction layers as [|l rest IH]; intros before found H B; cbn [accepted_layers] in H.
  - injection H as <-. intros l L. apply B, in_rev, L.
  - destruct (any_layer_fault P l) eqn:F; [discriminate|]. apply (IH _ _ H). intros m [<-|M]; [|apply B, M].
    apply (any_layer_right P I V W l F RV RW).
Qed.

Theorem check_graph_sound : forall K G layers, check_graph K G layers = Right tt -> graph_injective K G.
Proof.
  intros K G layers H I A x y X Y DX DY O. unfold check_graph in H. destruct (right_domain K); [|discriminate].
  destruct (prepared_graph_of K G) as [P|] eqn:PG; [|discriminate].
  assert (RV := values_run K G P I x PG A X DX). assert (RW := values_run K G P I y PG A Y DY).
  assert (EG : the_graph P = G) by (unfold prepared_graph_of in PG; destruct (sizes_of G); [injection PG as <-;
    reflexivity|discriminate]).
  assert (SG : exists sizes, sizes_of G = Some sizes) by (unfold prepared_graph_of in PG; destruct (sizes_of G) as [s|];
    [exists s; reflexivity|discriminate]).
  destruct SG as [sizes SG].
  destruct (accepted_layers P layers []) as [found|why] eqn:L; [|discriminate].
  destruct (unknown_input P found) eqn:U; [discriminate|].
  assert (LR := accepted_layers_right P I _ _ RV RW layers [] found L (fun l F => match F with end)).
  assert (K1 := known_right P I _ _ RV RW found LR). rewrite EG in K1. specialize (K1 O).
  apply inputs_same. intros r R. rewrite <- (run_inputs G sizes SG I x DX r R), <- (run_inputs G sizes SG I y DY r R).
  apply K1. unfold unknown_input in U. rewrite EG in U. apply (first_not_known_none _ _ U). rewrite numbers_below. apply in_below.
  lia.
Qed.
