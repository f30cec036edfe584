(** An accepted layer of a graph: where its output is the same, its source is. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals FMapPositive Lra Lia.
From Proof Require Import Layers Streams Integers Rows Tables Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Convolutions Unrolled.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals EndsOfGraphs GraphEnds Rank GraphLayers.
Import ListNotations.
Open Scope R_scope.

(** * The values of a prepared graph *)

Definition step_number (P : prepared_graph) (v : Z) : nat := Z.to_nat (v - Z.of_nat (length (graph_inputs (the_graph P)))).

Record run_of (P : prepared_graph) (I : interpretation) (V : Z -> list R) : Prop := Run {
  run_has_sizes : right_sizes V (the_sizes P);
  run_has_forms : right_forms V (forms_of (the_sizes P) (the_graph P));
  run_has_ends : right_ends V (the_ends P);
  run_has_steps : forall v s, entry (the_steps P) v = Some (Some s) ->
    V v = step_value I (step_number P v) (operation_of s) (map V (reads s))
    /\ step_defined I (step_number P v) (operation_of s) (map V (reads s))
    /\ forall name, operation_of s = OneToOneStep name -> right_function I (step_number P v) name }.

Lemma follows_nth : forall I V steps k v j s, follows I V k v steps -> nth_error steps j = Some s ->
  V (v + Z.of_nat j)%Z = step_value I (k + j) (operation_of s) (map V (reads s)) /\
    step_defined I (k + j) (operation_of s) (map V (reads s)).
Proof.
  intros I V. induction steps as [|r rest IH]; intros k v [|j] s F N; try discriminate N; cbn [follows nth_error] in *.
  - injection N as ->. destruct F as [F _]. rewrite Nat.add_0_r, Z.add_0_r. exact F.
  - destruct F as [_ F]. specialize (IH (S k) (v + 1)%Z j s F N).
    replace (v + Z.of_nat (S j))%Z with (v + 1 + Z.of_nat j)%Z by lia. rewrite Nat.add_succ_r. exact IH.
Qed.

Theorem values_run : forall K G P I x, prepared_graph_of K G = Some P -> admissible I G -> inside (graph_dimension G) K x ->
  graph_defined I G x -> run_of P I (values_at I G x).
Proof.
  intros K G P I x H A X D. unfold prepared_graph_of in H. destruct (sizes_of G) as [sizes|] eqn:S; [|discriminate].
  injection H as <-.
  constructor; cbn [the_sizes the_graph the_ends the_steps].
  - apply (run_sizes G sizes S I x D).
  - apply (run_forms G sizes S I x D).
  - apply (run_ends G sizes I x K S D A X).
  - intros v s E. unfold step_number. cbn [the_graph].
    set (inputs := with_entries no_entries (map (fun _ => None) (graph_inputs G))) in *.
    assert (SI : size inputs = Z.of_nat (length (graph_inputs G))) by (unfold inputs; rewrite size_of_entries, map_length;
      reflexivity).
    destruct (Z.lt_ge_cases v (size inputs)) as [L|L].
    + apply entry_below in E; [|lia|exact L]. unfold inputs in E. apply entry_at_nth in E as [_ E]. rewrite nth_error_map in E.
      destruct (nth_error (graph_inputs G) (Z.to_nat v)); discriminate E.
    + apply entry_nth in E; [|lia]. rewrite nth_error_map in E.
      destruct (nth_error (graph_steps G) (Z.to_nat (v - size inputs))) as [s'|] eqn:N; [|discriminate]. injection E as ->.
      rewrite SI in *. destruct (follows_nth I _ _ _ _ _ _ (run_follows G sizes S I x D) N) as [F1 F2]. cbn [Nat.add] in *.
      replace (Z.of_nat (length (graph_inputs G)) + Z.of_nat (Z.to_nat (v - Z.of_nat (length (graph_inputs G)))))%Z with v in F1
        by lia.
      split; [exact F1|]. split; [exact F2|]. intros name O. destruct s as [op read]. cbn [operation_of] in O. subst op.
      apply (A _ name read N).
Qed.

(** * What is told *)

Lemma same_rational_value : forall p q, same_rational p q = true -> Q2R p = Q2R q.
Proof. intros p q H. apply Qeq_eqR. apply Z.eqb_eq in H. exact H. Qed.

Lemma one_number_value : forall e q t, one_number e = Some q -> lies e t -> t = Q2R q.
Proof.
  intros e q t H [L U]. unfold one_number in H. destruct (low_end e) as [a|]; [|discriminate].
  destruct (high_end e) as [b|]; [|discriminate].
  destruct (same_rational a b) eqn:E; [|discriminate]. injection H as <-. apply same_rational_value in E. lra.
Qed.

Section Two.

Variable P : prepared_graph.
Variable I : interpretation.
Variables V W : Z -> list R.
Hypothesis run_V : run_of P I V.
Hypothesis run_W : run_of P I W.

Lemma same_sizes : forall v n, entry (the_sizes P) v = Some n -> Z.of_nat (length (V v)) = n /\ Z.of_nat (length (W v)) = n.
Proof. intros v n E. split; [apply (run_has_sizes _ _ _ run_V), E|apply (run_has_sizes _ _ _ run_W), E]. Qed.

Lemma told_right : forall o n i, V o = W o -> entry (the_sizes P) (told_value P o) = Some n -> ((0 <= i < n)%Z \/ n = 0%Z) ->
  tells_same (told_at P o (slopes_of_value P o) i) (entry_at (V (told_value P o)) i) (entry_at (W (told_value P o)) i).
Proof.
  intros o n i E N B. destruct (same_sizes _ _ N) as [LV LW].
  assert (T : V (told_value P o) = W (told_value P o) ->
    tells_same (told_at P o (slopes_of_value P o) i) (entry_at (V (told_value P o)) i) (entry_at (W (told_value P o)) i)).
  { intros ->. destruct (told_at P o (slopes_of_value P o) i); cbn [tells_same]; [reflexivity|]. intros s c _. reflexivity. }
  destruct B as [B|B].
  2: { apply T. destruct (V (told_value P o)); [|cbn in LV; lia]. destruct (W (told_value P o)); [reflexivity|cbn in LW; lia]. }
  destruct (entry (the_steps P) o) as [[[op read]|]|] eqn:S.
  2,3: apply T; unfold told_value; rewrite S; exact E.
  destruct read as [|z others]; [apply T; unfold told_value; rewrite S; exact E|].
  destruct (reads_entries op) eqn:R; [|apply T; unfold told_value; rewrite S; cbn [reads operation_of]; rewrite R; exact E].
  assert (TV : told_value P o = z) by (unfold told_value; rewrite S; cbn [reads operation_of]; rewrite R; reflexivity).
  rewrite TV in *. unfold told_at, slopes_of_value. rewrite S. cbn [reads operation_of]. rewrite R.
  assert (NA : is_affine op = false) by (destruct op; try discriminate R; reflexivity). rewrite NA.
  destruct (run_has_steps _ _ _ run_V _ _ S) as (EV & DV & OV), (run_has_steps _ _ _ run_W _ _ S) as (EW & DW & _).
  cbn [operation_of reads] in *.
  apply (told_by_right (one_to_one I (step_number P o))); cbn [force].
  - exact R.
  - intros name -> F. cbn [step_defined map nth] in DV, DW. destruct (OV name eq_refl) as [INJ _].
    rewrite Forall_forall in DV, DW. apply INJ; [apply DV, nth_In; lia|apply DW, nth_In; lia|exact F].
  - apply (run_has_ends _ _ _ run_V).
  - apply (run_has_ends _ _ _ run_W).
  - assert (X := f_equal (fun l => entry_at l i) E). cbn beta in X. rewrite EV, EW in X.
    rewrite !entry_step in X by (exact R || lia). exact X.
Qed.

Lemma is_told_right : forall t sign shift a b, is_told t sign shift = true -> tells_same t a b ->
  relu (IZR sign * a + Q2R shift) = relu (IZR sign * b + Q2R shift).
Proof.
  intros t sign shift a b H T. destruct t as [|functions]; cbn [tells_same] in T; [rewrite T; reflexivity|].
  cbn [is_told] in H. apply existsb_exists in H as ([s c] & F & H). apply andb_prop in H as [HS HC]. cbn [fst snd] in *.
  apply Z.eqb_eq in HS. apply same_rational_value in HC. subst s. rewrite <- HC. apply T, F.
Qed.

End Two.

(** * Rows *)

Definition column_point (V : Z -> list R) (source : Z) (columns : list Z) : point := fun k => entry_at (V source) (nth k columns 0%Z).

Lemma dot_columns : forall V source (h : Z -> Q) columns,
  dot (map h columns) (column_point V source columns) = total (fun j => Q2R (h j) * entry_at (V source) j) columns.
Proof.
  intros V source h. induction columns as [|c columns IH]; [reflexivity|]. cbn [map dot total]. rewrite <- IH. reflexivity.
Qed.

Lemma place_same : forall i j, (0 <= i)%Z -> (0 <= j)%Z -> place i = place j -> i = j.
Proof. intros i j I J E. unfold place in E. apply Z2Pos.inj in E; lia. Qed.

Lemma column_set_spec : forall size columns seen set, column_set size columns seen = Some set ->
  (forall j, In j columns -> (0 <= j < size)%Z /\ PositiveMap.find (place j) seen = None) /\ NoDup columns
  /\ forall k, PositiveMap.find k set <> None -> PositiveMap.find k seen <> None \/ exists j, In j columns /\ k = place j.
Proof.
  intros size. induction columns as [|j rest IH]; intros seen set H; cbn [column_set] in H.
  - injection H as <-. split; [intros j []|]. split; [constructor|]. intros k K. left. exact K.
  - destruct ((0 <=? j) && (j <? size))%Z eqn:B; [|discriminate]. apply andb_prop in B as [B1 B2]. apply Z.leb_le in B1.
    apply Z.ltb_lt in B2.
    destruct (PositiveMap.find (place j) seen) as [u|] eqn:F; [discriminate|]. destruct (IH _ _ H) as (A & N & C). split; [|split].
    + intros i [<-|I]; [split; [lia|exact F]|]. destruct (A i I) as [AI AF]. split; [exact AI|].
      destruct (Pos.eq_dec (place i) (place j)) as [E|E]; [rewrite E, PositiveMap.gss in AF; discriminate|].
      rewrite PositiveMap.gso in AF by exact E. exact AF.
    + constructor; [|exact N]. intro I. destruct (A j I) as [_ AF]. rewrite PositiveMap.gss in AF. discriminate.
    + intros k K. destruct (C k K) as [D|(i & I & ->)]; [|right; exists i; split; [right; exact I|reflexivity]].
      destruct (Pos.eq_dec k (place j)) as [->|E]; [right; exists j; split; [left; reflexivity|reflexivity]|].
      rewrite PositiveMap.gso in D by exact E. left. exact D.
Qed.

Section Rows.

Variable V : Z -> list R.
Variable ends : ends_table.
Hypothesis ends_right : right_ends V ends.
Variable source : Z.
Variable columns : list Z.
Variable set : PositiveMap.t unit.
Hypothesis columns_differ : NoDup columns.
Hypothesis columns_positive : forall j, In j columns -> (0 <= j)%Z.
Hypothesis set_columns : forall j, (0 <= j)%Z -> is_column set j = true -> In j columns.

Let X := fun j => entry_at (V source) j.
Let combination (m : PositiveMap.t Z) := total (fun j => IZR (coefficient_at m j) * X j) columns.

Lemma coefficient_added : forall m i k j, (0 <= i)%Z -> (0 <= j)%Z ->
  coefficient_at (PositiveMap.add (place i) k m) j = if (j =? i)%Z then k else coefficient_at m j.
Proof.
  intros m i k j PI PJ. unfold coefficient_at. destruct (Z.eqb_spec j i) as [->|N].
  - rewrite PositiveMap.gss. reflexivity.
  - rewrite PositiveMap.gso; [reflexivity|]. intro E. apply N, place_same; assumption.
Qed.

Lemma combination_added : forall m i k, In i columns ->
  combination (PositiveMap.add (place i) (coefficient_at m i + k)%Z m) = combination m + IZR k * X i.
Proof.
  intros m i k II. assert (PI := columns_positive i II). unfold combination. revert II. clear set_columns.
  revert columns_differ columns_positive. induction columns as [|c rest IH]; intros ND CP II; [destruct II|].
  inversion ND as [|? ? NI ND']; subst. cbn [total]. rewrite coefficient_added by (auto; apply CP; left; reflexivity).
  destruct (Z.eqb_spec c i) as [->|N].
  - rewrite plus_IZR. enough (E : total (fun j =>
    IZR (coefficient_at (PositiveMap.add (place i) (coefficient_at m i + k)%Z m) j) * X j) rest
      = total (fun j => IZR (coefficient_at m j) * X j) rest) by (rewrite E; ring).
    apply Windows.total_ext. intros j J. rewrite coefficient_added by (auto; apply CP; right; exact J).
    destruct (Z.eqb_spec j i) as [->|_]; [contradiction|reflexivity].
  - rewrite IH; [ring|exact ND'|intros j J; apply CP; right; exact J|]. destruct II as [->|II]; [contradiction|exact II].
Qed.

Lemma row_parts_value : forall sign d ps m c m' c', row_parts ends source set sign d ps m c = Some (m', c') ->
  combination m' + IZR (Zpos d) * Q2R c' = combination m + IZR (Zpos d) * Q2R c + IZR sign * parts_sum V ps.
Proof.
  intros sign d. assert (D : 0 < IZR (Zpos d)) by (apply (IZR_lt 0); reflexivity).
  induction ps as [|p ps IH]; intros m c m' c' H; cbn [row_parts parts_sum] in *.
  - injection H as <- <-. ring.
  - destruct ((part_value p =? source) && (0 <=? part_entry p))%Z eqn:B; [|discriminate].
    apply andb_prop in B as [B1 B2]. apply Z.eqb_eq in B1. apply Z.leb_le in B2. rewrite B1.
    destruct (is_column set (part_entry p)) eqn:C.
    + apply IH in H. rewrite H, combination_added by (apply set_columns; assumption). rewrite mult_IZR. unfold X. ring.
    + destruct (one_number (interval_at ends source (part_entry p))) as [q|] eqn:O; [|discriminate].
      apply IH in H. rewrite H, reduced_value, Q2R_plus, Q2R_mult.
      apply one_number_value with (2 := ends_right source (part_entry p)) in O.
      rewrite <- O. unfold Q2R at 2. cbn [Qnum Qden]. rewrite mult_IZR. field. lra.
Qed.

Lemma made_row_right : forall sign shift f t r, stands_for V f t -> made_row ends source columns set sign shift f = Some r ->
  affine r (column_point V source columns) = IZR sign * t + Q2R shift
  /\ exists d, (0 < IZR (Zpos d)) /\ Forall (fun q => Qden q = d) (normal r) /\ length (normal r) = length columns.
Proof.
  intros sign shift f t r [DP N] H. unfold made_row in H. set (d := Z.to_pos (form_denominator f)) in *.
  assert (ED : Zpos d = form_denominator f) by (apply Z2Pos.id, lt_IZR, DP).
  destruct (row_parts _ _ _ _ _ _ _ _) as [[m c]|] eqn:E; [|discriminate]. apply row_parts_value in E.
  set (common := Z.lcm (form_denominator f) (Zpos (Qden c))) in *. set (s := (common ÷ form_denominator f)%Z) in *.
  set (u := (common ÷ Zpos (Qden c))%Z) in *.
  destruct (_ && _)%bool eqn:C in H; [|discriminate]. injection H as <-.
  apply andb_prop in C as [C CU]. apply andb_prop in C as [C CS]. apply andb_prop in C as [_ CP].
  apply Z.ltb_lt in CP. apply Z.eqb_eq in CS, CU. assert (EC : Zpos (Z.to_pos common) = common) by (apply Z2Pos.id, CP).
  assert (P1 := IZR_lt _ _ CP). apply (f_equal IZR) in CS, CU. rewrite mult_IZR in CS, CU.
  set (h := fun j => match PositiveMap.find (place j) m
    with Some k => Qmake (s * k) (Z.to_pos common) | None => Qmake 0 (Z.to_pos common) end).
  assert (HJ : forall j, Q2R (h j) = IZR s * IZR (coefficient_at m j) / IZR common).
  { intro j. unfold h, coefficient_at.
    destruct (PositiveMap.find (place j) m); unfold Q2R; cbn [Qnum Qden]; rewrite EC; [rewrite mult_IZR|]; field; lra. }
  split.
  - unfold affine. cbn [normal bias]. fold h. rewrite dot_columns.
    assert (T : total (fun j => Q2R (h j) * entry_at (V source) j) columns = IZR s / IZR common * combination m).
    { unfold combination, X. clear - HJ P1. induction columns as [|j rest IH]; cbn [total]; [ring|]. rewrite IH, HJ. field. lra. }
    rewrite T. unfold Q2R at 1. cbn [Qnum Qden]. rewrite EC, mult_IZR.
    destruct (fraction_value c) as [VC PC]. rewrite <- VC.
    assert (E0 : combination (PositiveMap.empty Z) = 0).
    { unfold combination. clear. induction columns as [|j rest IH]; cbn [total]; [reflexivity|]. rewrite IH. unfold coefficient_at.
      rewrite PositiveMap.gempty. ring. }
    rewrite E0, reduced_value, Q2R_plus, ED in E. unfold Q2R at 2 in E. cbn [Qnum Qden] in E. rewrite ED, mult_IZR in E.
    unfold numerator in N.
    assert (E1 : combination m + IZR (form_denominator f) * Q2R c = IZR (form_denominator f) * (IZR sign * t + Q2R shift)).
    { rewrite E. replace (IZR (form_denominator f) * (IZR sign * t + Q2R shift))
        with (IZR sign * (IZR (form_denominator f) * t) + IZR (form_denominator f) * Q2R shift) by ring.
      rewrite <- N. field. lra. }
    apply Rmult_eq_reg_l with (IZR (form_denominator f)); [|lra]. rewrite <- E1.
    assert (SN : IZR s <> 0) by (intro F; rewrite F in CS; lra).
    replace (IZR s / IZR common * combination m + IZR u * (Q2R c * IZR (Z.pos (Qden c))) * / IZR common) with
      (IZR s / IZR common * combination m + Q2R c * ((IZR u * IZR (Z.pos (Qden c))) * / IZR common)) by (field; lra).
    rewrite CU. rewrite <- CS at 1. field. split; lra.
  - exists (Z.to_pos common). split; [rewrite EC; exact P1|]. cbn [normal]. split; [|apply map_length].
    apply Forall_forall. intros q Q. apply in_map_iff in Q as (j & <- & _). unfold h.
    destruct (PositiveMap.find (place j) m); reflexivity.
Qed.

End Rows.

(** The rows at the columns of two runs. *)
Section Layer.

Variable P : prepared_graph.
Variable I : interpretation.
Variables V W : Z -> list R.
Hypothesis run_V : run_of P I V.
Hypothesis run_W : run_of P I W.
Variables output source n : Z.
Hypothesis same_output : V output = W output.
Hypothesis output_size : entry (the_sizes P) (told_value P output) = Some n.
Variable columns : list Z.
Variable set : PositiveMap.t unit.
Hypothesis columns_differ : NoDup columns.
Hypothesis columns_positive : forall j, In j columns -> (0 <= j)%Z.
Hypothesis set_columns : forall j, (0 <= j)%Z -> is_column set j = true -> In j columns.

Let x := column_point V source columns.
Let y := column_point W source columns.
Let forms := forms_of (the_sizes P) (the_graph P).

(** A row tells what is behind its ReLU, or all of it; it has a denominator. *)
Definition told_row (rb : row * bool) : Prop :=
  relu (affine (fst rb) x) = relu (affine (fst rb) y) /\ (snd rb = true -> affine (fst rb) x = affine (fst rb) y)
  /\ exists d, 0 < IZR (Zpos d) /\ Forall (fun q => Qden q = d) (normal (fst rb)) /\ length (normal (fst rb)) = length columns.

Lemma row_function_entry : forall code sign i shift, row_function P output n code = Some (sign, i, shift) -> (0 <= i < n)%Z \/ n = 0%Z.
Proof.
  intros code sign i shift H. assert (N0 : (0 <= n)%Z) by (destruct (same_sizes P I V W run_V run_W _ _ output_size); lia).
  unfold row_function in H. set (a := (Z.abs code - 1)%Z) in *. assert (E : i = (a mod n)%Z).
  { destruct (a / n =? 0)%Z; [congruence|]. destruct (a / n =? 1)%Z; [|discriminate].
    destruct (entry (the_steps P) output) as [[[op read]|]|]; try discriminate H. destruct op; try discriminate H.
    destruct (if (0 <? _)%Z then _ else _); [congruence|discriminate H]. }
  destruct (Z.eq_dec n 0) as [Z0|Z0]; [right; exact Z0|left]. rewrite E. apply Z.mod_pos_bound. lia.
Qed.

Lemma layer_rows_right : forall codes number rows,
  layer_rows P forms output (told_value P output) n source (slopes_of_value P output) columns set number codes = Right rows ->
  Forall told_row rows /\ length rows = length codes.
Proof.
  induction codes as [|code rest IH]; intros number rows H; cbn [layer_rows] in H; [injection H as <-; split;
    [constructor|reflexivity]|].
  destruct (row_function P output n code) as [[[sign i] shift]|] eqn:F; [|discriminate]. apply row_function_entry in F.
  assert (T := told_right P I V W run_V run_W output n i same_output output_size F).
  set (t := told_at P output (slopes_of_value P output) i) in *.
  destruct (is_told t sign shift) eqn:IT; [|discriminate].
  destruct (form_of forms (told_value P output) i) as [f|] eqn:FO; [|discriminate].
  destruct (made_row (the_ends P) source columns set sign shift f) as [r|] eqn:M; [|discriminate].
  destruct (layer_rows _ _ _ _ _ _ _ _ _ _ rest) as [l|] eqn:L; [|discriminate]. injection H as <-.
  destruct (IH _ _ L) as [A B]. split; [|cbn; rewrite B; reflexivity]. constructor; [|exact A].
  destruct (made_row_right V _ (run_has_ends _ _ _ run_V) source columns set columns_differ columns_positive set_columns sign
    shift f _ r
    (run_has_forms _ _ _ run_V _ _ _ FO) M) as [EV D].
  destruct (made_row_right W _ (run_has_ends _ _ _ run_W) source columns set columns_differ columns_positive set_columns sign
    shift f _ r
    (run_has_forms _ _ _ run_W _ _ _ FO) M) as [EW _].
  unfold told_row. cbn [fst snd]. fold x in EV. fold y in EW. rewrite EV, EW. split; [|split; [|exact D]].
  - apply (is_told_right t); assumption.
  - intro TA. destruct t; [|discriminate]. cbn [tells_same] in T. rewrite T. reflexivity.
Qed.

(** ** Proofs *)

Lemma numerators_idot : forall w d v, Forall (fun q => Qden q = d) w -> idot (map Qnum w) v = IZR (Zpos d) * dot w v.
Proof.
  intros w d v F. revert v. induction F as [|q w E _ IH]; intro v; cbn [map idot dot]; [ring|]. rewrite IH.
  destruct (fraction_value q) as [Q0 _]. rewrite <- Q0, E. ring.
Qed.

Lemma dot_minus : forall w u v, dot w (fun j => u j - v j) = dot w u - dot w v.
Proof. induction w as [|a w IH]; intros u v; cbn [dot]; [ring|]. rewrite (IH (fun j => u (S j)) (fun j => v (S j))). ring. Qed.

Lemma rank_right : forall modulus rows, rank_fault modulus (length columns) rows = None -> Forall told_row rows ->
  same (length columns) x y.
Proof.
  intros modulus rows H T. unfold rank_fault in H. destruct (forallb snd rows) eqn:A; [|discriminate].
  destruct (most_entries <? _)%Z; [discriminate|]. destruct (column_without_pivot _ _ _) eqn:C in H; [discriminate|].
  rewrite forallb_forall in A. rewrite Forall_forall in T.
  assert (S : same (length columns) (fun j => x j - y j) zero_point).
  { apply (rank_sound _ _ _ C).
    - intros r R. apply in_map_iff in R as (rb & <- & R). destruct (T rb R) as (_ & _ & d & _ & _ & L). unfold numerators.
      rewrite map_length. exact L.
    - intros r R. apply in_map_iff in R as (rb & <- & R). destruct (T rb R) as (_ & E & d & _ & D & _). specialize (E (A rb R)).
      unfold numerators. rewrite (numerators_idot _ d) by exact D. rewrite dot_minus. unfold affine in E.
      replace (dot (normal (fst rb)) x) with (dot (normal (fst rb)) y) by lra. ring. }
  intros j J. specialize (S j J). cbn beta in S. unfold zero_point in S. lra.
Qed.

Lemma first_outside_right : forall lower upper cols number,
  first_outside number lower upper (map (interval_at (the_ends P) source) cols) = None ->
  forall U, right_ends U (the_ends P) -> forall k, (k < length cols)%nat ->
  Q2R (nth k lower 0%Q) <= entry_at (U source) (nth k cols 0%Z) <= Q2R (nth k upper 0%Q).
Proof.
  induction lower as [|l lower IH]; intros [|u upper] [|c cols] number H U RU k K; cbn [map first_outside length] in *;
    try discriminate H; try lia.
  destruct (RU source c) as [EL EH]. set (e := interval_at (the_ends P) source c) in *.
  destruct (low_end e) as [a|]; [|discriminate]. destruct (high_end e) as [b|]; [|discriminate].
  destruct (at_most l a && at_most b u)%bool eqn:B; [|discriminate]. apply andb_prop in B as [B1 B2].
  assert (A1 := at_most_spec l a). assert (A2 := at_most_spec b u). rewrite B1 in A1. rewrite B2 in A2.
  destruct k as [|k]; cbn [nth]; [lra|]. apply (IH upper cols _ H U RU k). lia.
Qed.

Lemma domain_right : forall K, domain_fault K (the_ends P) source columns = None ->
  forall U, right_ends U (the_ends P) -> inside (length columns) K (column_point U source columns).
Proof.
  intros K H U RU. destruct K; cbn [domain_fault] in H; try discriminate H; cbn [inside].
  - exact Logic.I.
  - destruct (forallb _ columns) eqn:F; [|discriminate]. rewrite forallb_forall in F. intros k K. unfold column_point.
    assert (N := nth_In columns 0%Z K). specialize (F _ N). destruct (end_signs _ _ (RU source (nth k columns 0%Z))) as [E _].
    apply E, F.
  - destruct (Nat.eqb _ _); [|discriminate]. intros k K. apply (first_outside_right lower upper columns 0 H U RU k K).
Qed.

Lemma evidence_right : forall K e rows, evidence_fault (length columns) K e rows = None ->
  domain_fault K (the_ends P) source columns = None ->
  Forall told_row rows -> same (length columns) x y.
Proof.
  intros K e rows H D T.
  assert (X : inside (length columns) K x) by (apply domain_right; [exact D|apply (run_has_ends _ _ _ run_V)]).
  assert (Y : inside (length columns) K y) by (apply domain_right; [exact D|apply (run_has_ends _ _ _ run_W)]).
  assert (O : Layers.output (map fst rows) x = Layers.output (map fst rows) y).
  { apply outputs_equal. intros r R. apply in_map_iff in R as (rb & <- & R). rewrite Forall_forall in T. apply (T rb R). }
  destruct e as [modulus|proof|blocks]; cbn [evidence_fault] in H; [apply (rank_right modulus rows H T)| |].
  - destruct (shows_injective (proof (map fst rows))) eqn:S; [|discriminate].
    destruct (check_rows (length columns) K (map fst rows) (proof (map fst rows))) as [[]|why] eqn:C; [|discriminate].
    apply check_rows_sound in C. destruct (proof (map fst rows)); try discriminate S; apply (C x y X Y O).
  - destruct (check_blocks (length columns) K (map fst rows) (blocks (map fst rows))) as [[]|why] eqn:C; [|discriminate].
    apply check_blocks_sound in C. apply (C x y X Y O).
Qed.

End Layer.

(** * Layers *)

Lemma first_open_right : forall ends source set entries, first_open ends source set entries = None ->
  forall j, In j entries -> is_column set j = true \/ exists q, one_number (interval_at ends source j) = Some q.
Proof.
  intros ends source set. induction entries as [|i rest IH]; intros H j J; [destruct J|]. cbn [first_open] in H.
  destruct (is_column set i) eqn:C.
  - destruct J as [<-|J]; [left; exact C|apply (IH H j J)].
  - destruct (one_number (interval_at ends source i)) as [q|] eqn:O; [|discriminate].
    destruct J as [<-|J]; [right; exists q; exact O|apply (IH H j J)].
Qed.

Lemma column_set_right : forall P source columns set, layer_column_set P source columns = Right set ->
  exists n, entry (the_sizes P) source = Some n /\ (forall j, In j columns -> (0 <= j < n)%Z) /\ NoDup columns
    /\ (forall j, (0 <= j)%Z -> is_column set j = true -> In j columns)
    /\ forall j, (0 <= j < n)%Z -> is_column set j = true \/ exists q, one_number (interval_at (the_ends P) source j) = Some q.
Proof.
  intros P source columns set H. unfold layer_column_set in H. destruct (is_atom P source); [|discriminate].
  destruct (entry (the_sizes P) source) as [n|]; [|discriminate].
  destruct (column_set n columns (PositiveMap.empty unit)) as [s|] eqn:C; [|discriminate].
  destruct (first_open (the_ends P) source s (numbers n)) eqn:F; [discriminate|]. injection H as ->.
  apply column_set_spec in C as (A & N & B). exists n. split; [reflexivity|]. split; [intros j J; apply A, J|]. split; [exact N|].
  split.
  - intros j J C. unfold is_column in C. destruct (B (place j)) as [E|(i & IN & E)].
    + destruct (PositiveMap.find (place j) set); discriminate.
    + rewrite PositiveMap.gempty in E. contradiction.
    + destruct (A i IN) as [AI _]. apply place_same in E; [subst; exact IN|exact J|lia].
  - intros j J. apply (first_open_right _ _ _ _ F). rewrite numbers_below. apply Windows.in_below. exact J.
Qed.

(** Where the columns are the same, so is all of the source. *)
Lemma source_same : forall P I V W source columns set, run_of P I V -> run_of P I W -> layer_column_set P source columns = Right set ->
  same (length columns) (column_point V source columns) (column_point W source columns) -> V source = W source.
Proof.
  intros P I V W source columns set RV RW H S. apply column_set_right in H as (n & N & _ & _ & C & O).
  destruct (same_sizes P I V W RV RW source n N) as [LV LW]. apply (nth_ext _ _ 0 0); [lia|]. intros k K.
  rewrite <- (Nat2Z.id k). change (entry_at (V source) (Z.of_nat k) = entry_at (W source) (Z.of_nat k)).
  destruct (O (Z.of_nat k) ltac:(lia)) as [IC|(q & Q)].
  - apply C in IC; [|lia]. apply (In_nth _ _ 0%Z) in IC as (i & L & E). specialize (S i L). unfold column_point in S.
    rewrite E in S. exact S.
  - rewrite (one_number_value _ _ _ Q (run_has_ends _ _ _ RV source (Z.of_nat k))),
      (one_number_value _ _ _ Q (run_has_ends _ _ _ RW source (Z.of_nat k))). reflexivity.
Qed.

(** An accepted layer: where its output is the same, its source is. *)
Theorem layer_right : forall P I V W L, layer_fault P L = None -> run_of P I V -> run_of P I W ->
  V (layer_output L) = W (layer_output L) -> V (layer_source L) = W (layer_source L).
Proof.
  intros P I V W L H RV RW E. unfold layer_fault in H.
  destruct (layer_column_set P (layer_source L) (read_columns L)) as [set|why] eqn:C; [|discriminate].
  destruct (domain_fault (layer_domain L) (the_ends P) (layer_source L) (read_columns L)) eqn:D; [discriminate|].
  destruct (entry (the_sizes P) (told_value P (layer_output L))) as [m|] eqn:M; [|discriminate].
  destruct (rank_shape _ _ _); [discriminate|].
  destruct (layer_rows _ _ _ _ _ _ _ _ _ _ _) as [rows|why] eqn:R; [|discriminate].
  apply (source_same P I V W _ _ set RV RW C). destruct (column_set_right _ _ _ _ C) as (n & N & B & ND & SC & _).
  assert (T := layer_rows_right P I V W RV RW (layer_output L) (layer_source L) m E M (read_columns L) set ND (fun j J =>
    proj1 (B j J)) SC _ _ _ R).
  apply (evidence_right P I V W RV RW (layer_source L) (read_columns L) _ _ _ H D). apply T.
Qed.
