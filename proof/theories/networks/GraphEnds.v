(** The ends of all entries of a graph's values, found when they are asked for. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Tables.
From Proof.convolution Require Import Convolutions.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals EndsOfGraphs.
Import ListNotations.
Open Scope Z_scope.

Definition ends_table := table (delayed (table interval)).

Definition interval_at (known : ends_table) (v i : Z) : interval :=
  match entry known v with
  | Some t => match entry (force t) i with Some e => e | None => no_ends end
  | None => no_ends
  end.

Definition image_of (op : operation) (slopes : table Q) (i : Z) (e : interval) : interval :=
  match op with
  | LeakyStep each _ => match number_at each (size slopes) slopes i with Some s => leaky_image s e | None => no_ends end
  | ClipStep least most => clip_image least most e
  | SquareStep => square_image e
  | _ => no_ends
  end.

Definition affine_ends (forms : table value_forms) (known : ends_table) (v n : Z) : list interval :=
  map (fun i => match form_of forms v i with Some f => ends_of_form (interval_at known) f | None => no_ends end) (numbers n).

Definition entry_ends (op : operation) (slopes : table Q) (known : ends_table) (z n : Z) : list interval :=
  map (fun i => image_of op slopes i (interval_at known z i)) (numbers n).

Definition ends_of_step (G : graph) (sizes : table Z) (known : ends_table) (v : Z) (s : step) : list interval :=
  match entry sizes v with
  | None => []
  | Some n =>
      match operation_of s, reads s with
      | OtherStep _, _ => []
      | OneToOneStep name, _ => map (fun _ => name_ends name) (numbers n)
      | MaximumStep windows, z :: _ => map (fun w => ends_of_largest (map (interval_at known z) (named_places w))) windows
      | LeakyStep _ _ as op, z :: _ | ClipStep _ _ as op, z :: _ | SquareStep as op, z :: _ => entry_ends op (slope_table op) known z n
      | op, _ => if is_affine op then affine_ends (forms_of sizes G) known v n else []
      end
  end.

Fixpoint ends_from (G : graph) (sizes : table Z) (steps : list step) (known : ends_table) : ends_table :=
  match steps with
  | [] => known
  | s :: rest =>
      ends_from G sizes rest
        (with_entry known (Delay (fun _ => with_entries no_entries (ends_of_step G sizes known (size known) s))))
  end.

(** Those of the inputs are the domain's. *)
Definition zip_ends (lower upper : list Q) : list interval :=
  map (fun p => Interval (Some (fst p)) (Some (snd p))) (combine lower upper).

Fixpoint box_ends (counts : list Z) (lower upper : list Q) : list (list interval) :=
  match counts with
  | [] => []
  | c :: rest =>
      let n := Z.to_nat c in
      zip_ends (firstn n lower) (firstn n upper) :: box_ends rest (skipn n lower) (skipn n upper)
  end.

Definition input_ends (K : domain) (counts : list Z) : list (list interval) :=
  match K with
  | Orthant => map (fun c => map (fun _ => Interval (Some 0%Q) None) (numbers c)) counts
  | Box lower upper => box_ends counts lower upper
  | _ => map (fun _ => []) counts
  end.

Definition ends_of (K : domain) (G : graph) (sizes : table Z) : ends_table :=
  ends_from G sizes (graph_steps G)
    (with_entries no_entries (map (fun l => Delay (fun _ => with_entries no_entries l)) (input_ends K (graph_inputs G)))).

(** * Proof *)

Open Scope R_scope.

Definition right_ends (V : Z -> list R) (known : ends_table) : Prop := forall v i, lies (interval_at known v i) (entry_at (V v) i).

Lemma no_ends_right : forall t, lies no_ends t.
Proof. intro t. split; exact I. Qed.

Lemma entry_of_numbers : forall A (f : Z -> A) n i a, entry (with_entries no_entries (map f (numbers n))) i = Some a ->
  (0 <= i < n)%Z /\ a = f i.
Proof.
  intros A f n i a H. apply entry_at_nth in H as [P H]. rewrite numbers_below, nth_error_map in H.
  destruct (nth_error (below n) (Z.to_nat i)) as [j|] eqn:E; [|discriminate]. injection H as <-.
  assert (L : (Z.to_nat i < Z.to_nat n)%nat) by (rewrite <- (below_length n); apply nth_error_Some; congruence).
  split; [lia|]. f_equal. unfold below in E. rewrite nth_error_map in E.
  destruct (nth_error (seq 0 (Z.to_nat n)) (Z.to_nat i)) as [k|] eqn:F; [|discriminate]. injection E as <-.
  apply nth_error_nth with (d := O) in F. rewrite seq_nth in F by exact L. lia.
Qed.

Lemma entry_at_map : forall (h : R -> R) v i, (0 <= i < Z.of_nat (length v))%Z -> entry_at (map h v) i = h (entry_at v i).
Proof.
  intros h v i B. unfold entry_at. rewrite (nth_indep _ 0 (h 0)) by (rewrite map_length; lia). apply map_nth.
Qed.

Lemma entry_at_numbered : forall (f : Z -> R) n i, (0 <= i < n)%Z -> entry_at (map f (below n)) i = f i.
Proof.
  intros f n i B. unfold entry_at, below. rewrite map_map.
  rewrite (nth_indep _ 0 (f (Z.of_nat 0))) by (rewrite map_length, seq_length; lia).
  rewrite (map_nth (fun k => f (Z.of_nat k))), seq_nth by lia. f_equal. lia.
Qed.

Lemma entry_at_each : forall f v i, (0 <= i < Z.of_nat (length v))%Z -> entry_at (each_entry f v) i = f i (entry_at v i).
Proof. intros f v i B. rewrite each_entry_map. apply (entry_at_numbered (fun j => f j (entry_at v j))), B. Qed.

(** A step of which each entry is a function of one. *)
Lemma entry_step : forall I (V : Z -> list R) k op z others i, reads_entries op = true -> (0 <= i < Z.of_nat (length (V z)))%Z ->
  entry_at (step_value I k op (map V (z :: others))) i = entry_function (one_to_one I k) op i (entry_at (V z) i).
Proof.
  intros I V k op z others i R B. destruct op; try discriminate R; cbn [map step_value nth entry_function].
  - rewrite entry_at_each by exact B. reflexivity.
  - apply entry_at_map, B.
  - apply (entry_at_map (fun t => t * t)), B.
  - apply entry_at_map, B.
Qed.

Lemma entry_step_length : forall I (V : Z -> list R) k op z others, reads_entries op = true ->
  length (step_value I k op (map V (z :: others))) = length (V z).
Proof.
  intros I V k op z others R.
  destruct op; try discriminate R; cbn [map step_value nth]; rewrite ?each_entry_length, ?map_length; reflexivity.
Qed.

Lemma image_of_right : forall f op i e z, lies e z -> reads_entries op = true ->
  lies (image_of op (slope_table op) i e) (entry_function f op i z).
Proof.
  intros f op i e z E R. destruct op; try discriminate R; cbn [image_of entry_function slope_table].
  - destruct (number_at each (size (with_entries no_entries slopes)) (with_entries no_entries slopes) i) as [s|] eqn:NS;
      [|apply no_ends_right].
    rewrite size_of_entries in NS. cbn [size no_entries] in NS. rewrite Z.add_0_l in NS. apply number_at_right in NS. rewrite NS.
    apply leaky_image_right, E.
  - apply clip_image_right, E.
  - apply square_image_right, E.
  - apply no_ends_right.
Qed.

Section Steps.

Variable I : interpretation.
Variable G : graph.
Variable V : Z -> list R.
Variable sizes : table Z.
Hypothesis sizes_right : right_sizes V sizes.
Hypothesis forms_right : right_forms V (forms_of sizes G).

Lemma affine_ends_right : forall known v n i e, right_ends V known ->
  entry (with_entries no_entries (affine_ends (forms_of sizes G) known v n)) i = Some e -> lies e (entry_at (V v) i).
Proof.
  intros known v n i e RE H. apply entry_of_numbers in H as [_ ->].
  destruct (form_of (forms_of sizes G) v i) as [f|] eqn:F; [|apply no_ends_right].
  apply (ends_of_form_right V); [exact RE|]. apply forms_right, F.
Qed.

Lemma entry_ends_right : forall k op known z others v n i e, reads_entries op = true -> right_ends V known ->
  entry sizes v = Some n -> V v = step_value I k op (map V (z :: others)) ->
  entry (with_entries no_entries (entry_ends op (slope_table op) known z n)) i = Some e -> lies e (entry_at (V v) i).
Proof.
  intros k op known z others v n i e R RE N E H. apply entry_of_numbers in H as [B ->]. apply sizes_right in N.
  rewrite E, (entry_step_length I V k op z others R) in N. rewrite E, (entry_step I V k op z others i R) by lia.
  apply image_of_right; [apply RE|exact R].
Qed.

Lemma ends_of_step_right : forall k known v s i e, right_ends V known ->
  V v = step_value I k (operation_of s) (map V (reads s)) -> step_defined I k (operation_of s) (map V (reads s)) ->
  (forall name read, s = Step (OneToOneStep name) read -> right_function I k name) ->
  entry (with_entries no_entries (ends_of_step G sizes known v s)) i = Some e -> lies e (entry_at (V v) i).
Proof.
  intros k known v [op read] i e RE E D O H. cbn [operation_of reads] in *. unfold ends_of_step in H. cbn [operation_of reads] in H.
  assert (N0 : forall A j (b : A), entry (with_entries no_entries []) j = Some b -> False).
  { intros A j b F. apply entry_number in F. cbn in F. lia. }
  destruct (entry sizes v) as [n|] eqn:N; [|destruct (N0 _ _ _ H)].
  destruct op; cbn [is_affine] in H; try (apply (affine_ends_right known v n i e RE), H); try (destruct (N0 _ _ _ H)).
  - destruct read as [|z others]; [destruct (N0 _ _ _ H)|].
    apply (entry_ends_right k (LeakyStep each slopes) known z others v n i e eq_refl RE N E H).
  - destruct read as [|z others]; [destruct (N0 _ _ _ H)|].
    apply (entry_ends_right k (ClipStep least most) known z others v n i e eq_refl RE N E H).
  - destruct read as [|z others]; [destruct (N0 _ _ _ H)|].
    apply (entry_ends_right k SquareStep known z others v n i e eq_refl RE N E H).
  - destruct read as [|z others]; [destruct (N0 _ _ _ H)|]. apply entry_at_nth in H as [P H]. rewrite nth_error_map in H.
    destruct (nth_error windows (Z.to_nat i)) as [w|] eqn:W; [|discriminate]. injection H as <-. rewrite E.
    cbn [map step_value nth].
    assert (X : entry_at (map (fun w0 =>
      largest (map (entry_at (V z)) (named_places w0))) windows) i = largest (map (entry_at (V z)) (named_places w))).
    { unfold entry_at at 1. apply nth_error_nth. rewrite nth_error_map, W. reflexivity. }
    rewrite X. apply ends_of_largest_right. apply Forall2_map_map, Forall2_same. intros j _. apply RE.
  - destruct (O name read eq_refl) as [_ RN]. apply entry_of_numbers in H as [B ->]. apply sizes_right in N.
    rewrite E in N |- *. cbn [step_value step_defined] in *. rewrite map_length in N. rewrite entry_at_map by lia.
    apply name_ends_right, RN. rewrite Forall_forall in D. apply D. apply nth_In. lia.
Qed.

Lemma ends_from_right : forall steps k known, right_ends V known -> (0 <= size known)%Z -> follows I V k (size known) steps ->
  (forall j name read, nth_error steps j = Some (Step (OneToOneStep name) read) -> right_function I (k + j) name) ->
  right_ends V (ends_from G sizes steps known).
Proof.
  induction steps as [|s rest IH]; intros k known RE P F O; cbn [ends_from follows] in *; [exact RE|]. destruct F as [[E D] F].
  apply (IH (S k)); [|cbn; lia|exact F|].
  - intros v i. unfold interval_at. destruct (entry (with_entry known _) v) as [t|] eqn:T; [|apply no_ends_right].
    apply entry_with in T as [[-> ->]|T]; [| |exact P].
    + cbn [force]. destruct (entry _ i) as [e|] eqn:EI; [|apply no_ends_right].
      apply (ends_of_step_right k known (size known) s i e RE E D); [|exact EI].
      intros name read ->. specialize (O 0%nat name read eq_refl). rewrite Nat.add_0_r in O. exact O.
    + specialize (RE v i). unfold interval_at in RE. rewrite T in RE. exact RE.
  - intros j name read J. specialize (O (S j) name read J). rewrite Nat.add_succ_r in O. exact O.
Qed.

End Steps.

Lemma input_entry : forall counts x r i, (r < length counts)%nat ->
  (i < length (nth r (input_values counts x) []))%nat ->
  exists j, (j < fold_right (fun c n => (Z.to_nat c + n)%nat) O counts)%nat /\ nth i (nth r (input_values counts x) []) 0 = x j.
Proof.
  induction counts as [|c rest IH]; intros x [|r] i L B; cbn [length] in L; try lia; cbn [input_values nth fold_right] in *.
  - rewrite map_length, seq_length in B. exists i. split; [lia|].
    rewrite (nth_indep _ 0 (x O)) by (rewrite map_length, seq_length; exact B).
    rewrite map_nth, seq_nth by exact B. reflexivity.
  - destruct (IH (fun j => x (Z.to_nat c + j)%nat) r i ltac:(lia) B) as (j & J & E). exists (Z.to_nat c + j)%nat.
    split; [lia|exact E].
Qed.

Lemma nth_skipped : forall A n (l : list A) j d, nth j (skipn n l) d = nth (n + j) l d.
Proof. induction n as [|n IH]; intros [|a l] j d; cbn [skipn Nat.add nth]; try reflexivity; [destruct j; reflexivity|apply IH]. Qed.

Lemma box_ends_right : forall counts x lower upper r l i e,
  (forall j, (j < fold_right (fun c n => (Z.to_nat c + n)%nat) O counts)%nat ->
    Q2R (nth j lower 0%Q) <= x j <= Q2R (nth j upper 0%Q)) ->
  nth_error (box_ends counts lower upper) r = Some l -> nth_error l i = Some e ->
  lies e (nth i (nth r (input_values counts x) []) 0).
Proof.
  induction counts as [|c rest IH]; intros x lower upper r l i e B H E; cbn [box_ends] in H; [destruct r; discriminate|].
  cbn [fold_right] in B. destruct r as [|r]; cbn [nth_error input_values nth] in *.
  - injection H as <-. unfold zip_ends in E. rewrite nth_error_map in E.
    destruct (nth_error (combine (firstn (Z.to_nat c) lower) (firstn (Z.to_nat c) upper)) i) as [[lo up]|] eqn:C; [|discriminate].
    injection E as <-.
    assert (L : (i < length (combine (firstn (Z.to_nat c) lower) (firstn (Z.to_nat c) upper)))%nat) by (apply nth_error_Some;
      congruence).
    rewrite combine_length, !firstn_length in L.
    assert (NL : nth i lower 0%Q = lo /\ nth i upper 0%Q = up).
    { clear - C. revert lower upper i C. generalize (Z.to_nat c) as n.
      induction n as [|n IH]; intros [|a lower] [|b upper] [|i] C; cbn in C; try discriminate C.
      - injection C as -> ->. split; reflexivity.
      - apply (IH lower upper i C). }
    destruct NL as [<- <-]. rewrite (nth_indep _ 0 (x O)) by (rewrite map_length, seq_length; lia).
    rewrite map_nth, seq_nth by lia. specialize (B i ltac:(lia)). split; cbn [low_end high_end]; apply B.
  - apply (IH (fun j => x (Z.to_nat c + j)%nat) _ _ _ _ _ _) with (2 := H) (3 := E). intros j J.
    rewrite !nth_skipped. apply B. lia.
Qed.

Theorem run_ends : forall G sizes I x K, sizes_of G = Some sizes -> graph_defined I G x -> admissible I G ->
  inside (graph_dimension G) K x -> right_ends (values_at I G x) (ends_of K G sizes).
Proof.
  intros G sizes I x K S D A X. unfold ends_of.
  assert (LI : length (input_ends K (graph_inputs G)) = length (graph_inputs G)).
  { unfold input_ends. destruct K; try apply map_length. generalize (graph_inputs G) as counts.
    intro counts. clear X. revert lower upper. induction counts as [|c rest IH]; intros; cbn [box_ends length]; [reflexivity|].
    rewrite IH. reflexivity. }
  apply (ends_from_right I G _ sizes (run_sizes G sizes S I x D) (run_forms G sizes S I x D) _ 0).
  - intros v i. unfold interval_at. destruct (entry _ v) as [t|] eqn:T; [|apply no_ends_right].
    apply entry_at_nth in T as [P T]. rewrite nth_error_map in T.
    destruct (nth_error (input_ends K (graph_inputs G)) (Z.to_nat v)) as [l|] eqn:L; [|discriminate]. injection T as <-.
    cbn [force].
    destruct (entry (with_entries no_entries l) i) as [e|] eqn:E; [|apply no_ends_right]. apply entry_at_nth in E as [PI E].
    assert (B : (Z.to_nat v < length (graph_inputs G))%nat) by (rewrite <- LI; apply nth_error_Some; congruence).
    assert (EV := run_inputs G sizes S I x D (Z.to_nat v) B). rewrite Z2Nat.id in EV by exact P. rewrite EV. unfold entry_at.
    unfold input_ends in L. destruct K; cbn [inside] in X;
      try (apply nth_error_In, in_map_iff in L as (c & <- & _); destruct (Z.to_nat i); discriminate E).
    + rewrite nth_error_map in L. destruct (nth_error (graph_inputs G) (Z.to_nat v)) as [c|] eqn:C; [|discriminate].
      injection L as <-.
      apply nth_error_In, in_map_iff in E as (j & <- & _). split; cbn [low_end high_end]; [|exact Logic.I]. rewrite zero_value.
      destruct (Nat.lt_ge_cases (Z.to_nat i) (length (nth (Z.to_nat v) (input_values (graph_inputs G) x) []))) as [LT|GE].
      * destruct (input_entry _ _ _ _ B LT) as (j' & J & ->). apply X, J.
      * rewrite nth_overflow by exact GE. lra.
    + apply (box_ends_right _ _ lower upper (Z.to_nat v) l (Z.to_nat i) e X L E).
  - rewrite size_of_entries. cbn. lia.
  - rewrite size_of_entries, map_length, LI. exact (run_follows G sizes S I x D).
  - intros j name read J. apply (A j name read J).
Qed.
