(** Images of intervals are right, and so is what a step is said to tell. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Rows Tables.
From Proof.convolution Require Import Convolutions.
From Proof.networks Require Import Graphs GraphForms FormsOfGraphs GraphRuns GraphIntervals.
Import ListNotations.
Open Scope R_scope.

(** * Forms *)

Lemma ends_of_parts_right : forall V ends, (forall v i, lies (ends v i) (entry_at (V v) i)) -> forall ps low high a,
  (match low with Some l => Q2R l <= a | None => True end) -> (match high with Some h => a <= Q2R h | None => True end) ->
  lies (ends_of_parts ends ps low high) (a + parts_sum V ps).
Proof.
  intros V ends E. induction ps as [|p ps IH]; intros low high a L H; cbn [ends_of_parts parts_sum].
  - rewrite Rplus_0_r. split; assumption.
  - rewrite <- Rplus_assoc. destruct (E (part_value p) (part_entry p)) as [EL EH].
    set (t := entry_at (V (part_value p)) (part_entry p)) in *. set (e := ends (part_value p) (part_entry p)) in *.
    destruct (Z.ltb_spec 0 (part_factor p)) as [K|K].
    + apply IZR_lt in K. apply IH; [apply plus_multiple_low|apply plus_multiple_high]; try assumption.
      * destruct (low_end e); [|exact I]. apply Rmult_le_compat_l; lra.
      * destruct (high_end e); [|exact I]. apply Rmult_le_compat_l; lra.
    + apply IZR_le in K. apply IH; [apply plus_multiple_low|apply plus_multiple_high]; try assumption.
      * destruct (high_end e); [|exact I]. apply Rmult_le_compat_neg_l; lra.
      * destruct (low_end e); [|exact I]. apply Rmult_le_compat_neg_l; lra.
Qed.

Lemma ends_of_form_right : forall V ends f t, (forall v i, lies (ends v i) (entry_at (V v) i)) -> stands_for V f t ->
  lies (ends_of_form ends f) t.
Proof.
  intros V ends f t E [P N]. unfold numerator in N. set (c := Some (form_constant f # 1)).
  assert (L := ends_of_parts_right V ends E (parts f) c c (IZR (form_constant f))). unfold c in L. rewrite !whole_value in L.
  specialize (L (Rle_refl _) (Rle_refl _)). rewrite Rplus_comm, N in L. fold c in L.
  assert (D : Q2R (1 # Z.to_pos (form_denominator f)) = / IZR (form_denominator f)).
  { unfold Q2R. cbn [Qnum Qden]. rewrite Z2Pos.id by (apply lt_IZR, P). field. lra. }
  assert (T : t = IZR (form_denominator f) * t * / IZR (form_denominator f)) by (field; lra).
  assert (I0 := Rinv_0_lt_compat _ P).
  unfold ends_of_form. fold c. destruct L as [LL LH]. set (e := ends_of_parts ends (parts f) c c) in *.
  split; cbn [low_end high_end].
  - destruct (low_end e); cbn [divided_end]; [|exact I]. rewrite reduced_value, Q2R_mult, D, T. apply Rmult_le_compat_r; lra.
  - destruct (high_end e); cbn [divided_end]; [|exact I]. rewrite reduced_value, Q2R_mult, D, T. apply Rmult_le_compat_r; lra.
Qed.

(** * Functions of one entry *)

Definition leaky (s z : R) : R := if Rle_dec 0 z then z else s * z.

Lemma leaky_at_value : forall s q, Q2R (leaky_at s q) = leaky (Q2R s) (Q2R q).
Proof.
  intros s q. unfold leaky_at, leaky. assert (H := at_most_spec 0 q). rewrite zero_value in H.
  destruct (at_most 0 q), (Rle_dec 0 (Q2R q)); try lra. rewrite reduced_value. apply Q2R_mult.
Qed.

Lemma leaky_increases : forall s a b, 0 <= s -> a <= b -> leaky s a <= leaky s b.
Proof. intros s a b S L. unfold leaky. destruct (Rle_dec 0 a), (Rle_dec 0 b); try lra; nra. Qed.

Lemma leaky_falls : forall s a b, s <= 0 -> a <= b -> b <= 0 -> leaky s b <= leaky s a.
Proof. intros s a b S L B. unfold leaky. destruct (Rle_dec 0 a), (Rle_dec 0 b); try lra; nra. Qed.

Lemma leaky_nonnegative : forall s a, s <= 0 -> 0 <= leaky s a.
Proof. intros s a S. unfold leaky. destruct (Rle_dec 0 a); [lra|nra]. Qed.

Lemma valley_right : forall (F : R -> R) l h a b z,
  (forall s t, s <= t -> t <= 0 -> F t <= F s) -> (forall s t, 0 <= s -> s <= t -> F s <= F t) -> (forall s, 0 <= F s) ->
  Q2R a = F (Q2R l) -> Q2R b = F (Q2R h) -> Q2R l <= z -> z <= Q2R h -> lies (valley l h a b) (F z).
Proof.
  intros F l h a b z D U N EA EB L H. unfold valley. split; cbn [low_end high_end].
  - assert (X := at_most_spec l 0). assert (Y := at_most_spec 0 h). rewrite zero_value in X, Y.
    destruct (at_most l 0), (at_most 0 h); cbn [andb]; try (rewrite zero_value; apply N); rewrite least_of_value, EA, EB.
    + apply Rle_trans with (F (Q2R h)); [apply Rmin_r|apply D; lra].
    + apply Rle_trans with (F (Q2R l)); [apply Rmin_l|apply U; lra].
    + apply Rle_trans with (F (Q2R l)); [apply Rmin_l|apply U; lra].
  - rewrite greatest_of_value, EA, EB. destruct (Rle_or_lt z 0) as [Z0|Z0].
    + apply Rle_trans with (F (Q2R l)); [apply D; lra|apply Rmax_l].
    + apply Rle_trans with (F (Q2R h)); [apply U; lra|apply Rmax_r].
Qed.

Lemma leaky_image_right : forall s e z, lies e z -> lies (leaky_image s e) (leaky (Q2R s) z).
Proof.
  intros s e z [L H]. unfold leaky_image. assert (S := below_rational_spec 0 s). rewrite zero_value in S.
  destruct (below_rational 0 s).
  - split; cbn [low_end high_end].
    + destruct (low_end e); cbn [option_map]; [|exact I]. rewrite leaky_at_value. apply leaky_increases; lra.
    + destruct (high_end e); cbn [option_map]; [|exact I]. rewrite leaky_at_value. apply leaky_increases; lra.
  - assert (Z0 := is_zero_value s). destruct (Qnum s =? 0)%Z.
    + split; cbn [low_end high_end].
      * destruct (low_end e); [rewrite leaky_at_value; apply leaky_increases; lra|rewrite zero_value; apply leaky_nonnegative; lra].
      * destruct (high_end e); cbn [option_map]; [|exact I]. rewrite leaky_at_value. apply leaky_increases; lra.
    + assert (N : lies (Interval (Some 0%Q) None) (leaky (Q2R s) z)).
      { split; cbn [low_end high_end]; [rewrite zero_value; apply leaky_nonnegative; exact S|exact I]. }
      destruct (low_end e) as [l|]; [|exact N]. destruct (high_end e) as [h|]; [|exact N].
      apply (valley_right (leaky (Q2R s))); try assumption; try apply leaky_at_value.
      * intros a b A B. apply leaky_falls; assumption.
      * intros a b A B. unfold leaky. destruct (Rle_dec 0 a), (Rle_dec 0 b); lra.
      * intro a. apply leaky_nonnegative, S.
Qed.

Lemma clipped_at_value : forall least most q, Q2R (clipped_at least most q) = clipped least most (Q2R q).
Proof.
  intros [l|] [m|] q; unfold clipped_at, clipped; rewrite ?least_of_value, ?greatest_of_value; reflexivity.
Qed.

Lemma clipped_increases : forall least most a b, a <= b -> clipped least most a <= clipped least most b.
Proof.
  intros least most a b L. unfold clipped.
  assert (A : match least with Some l => Rmax a (Q2R l) | None => a end <= match least
    with Some l => Rmax b (Q2R l) | None => b end).
  { destruct least as [l|]; [|exact L]. unfold Rmax. destruct (Rle_dec a (Q2R l)), (Rle_dec b (Q2R l)); lra. }
  destruct most as [m|]; [|exact A]. revert A. generalize (match least with Some l => Rmax a (Q2R l) | None => a end) as u.
  generalize (match least with Some l => Rmax b (Q2R l) | None => b end) as v. intros v u A.
  unfold Rmin. destruct (Rle_dec u (Q2R m)), (Rle_dec v (Q2R m)); lra.
Qed.

Lemma clip_image_right : forall least most e z, lies e z -> lies (clip_image least most e) (clipped least most z).
Proof.
  intros least most e z [L H]. unfold clip_image. split; cbn [low_end high_end].
  - destruct (low_end e) as [l|]; cbn [otherwise option_map].
    + rewrite clipped_at_value. apply clipped_increases, L.
    + destruct least as [l|]; cbn [option_map]; [|exact I]. rewrite clipped_at_value. unfold clipped.
      destruct most as [m|]; unfold Rmin, Rmax; repeat destruct (Rle_dec _ _); lra.
  - destruct (high_end e) as [h|]; cbn [otherwise option_map].
    + rewrite clipped_at_value. apply clipped_increases, H.
    + destruct most as [m|]; cbn [option_map]; [|exact I]. rewrite clipped_at_value. unfold clipped.
      destruct least as [l|]; unfold Rmin, Rmax; repeat destruct (Rle_dec _ _); lra.
Qed.

Lemma square_image_right : forall e z, lies e z -> lies (square_image e) (z * z).
Proof.
  intros e z [L H]. unfold square_image.
  assert (N : lies (Interval (Some 0%Q) None) (z * z)) by (split; cbn [low_end high_end]; [rewrite zero_value;
    apply Rle_0_sqr|exact I]).
  destruct (low_end e) as [l|]; [|exact N]. destruct (high_end e) as [h|]; [|exact N].
  apply (valley_right (fun t => t * t)); try assumption; try (rewrite reduced_value; apply Q2R_mult).
  - intros s t S T. nra.
  - intros s t S T. nra.
  - intro s. apply Rle_0_sqr.
Qed.

Lemma one_value : Q2R 1 = 1 /\ Q2R (-1) = -1.
Proof. unfold Q2R. cbn. lra. Qed.

Lemma name_ends_right : forall name t, in_range name t -> lies (name_ends name) t.
Proof.
  intros name t H. destruct one_value as [P N].
  destruct name; cbn [in_range name_ends] in *; unfold lies, no_ends; cbn [low_end high_end];
    rewrite ?zero_value, ?P, ?N; split; try exact I; lra.
Qed.

Lemma fold_Rmax_max : forall l a b, fold_left Rmax l (Rmax a b) = Rmax a (fold_left Rmax l b).
Proof. induction l as [|c l IH]; intros a b; cbn [fold_left]; [reflexivity|]. rewrite <- IH. f_equal. symmetry. apply Rmax_assoc.
Qed.

Lemma largest_cons : forall a b l, largest (a :: b :: l) = Rmax a (largest (b :: l)).
Proof. intros a b l. cbn [largest fold_left]. apply fold_Rmax_max. Qed.

Lemma ends_of_largest_right : forall ends l, Forall2 lies ends l -> lies (ends_of_largest ends) (largest l).
Proof.
  induction 1 as [|e t ends l E R IH]; [split; exact I|]. destruct R as [|e' t' ends' l' E' R'].
  - exact E.
  - rewrite largest_cons. set (rest := e' :: ends') in *. change (ends_of_largest (e :: rest)) with
      (let r := ends_of_largest rest in
      Interval (match low_end e, low_end r with Some a, Some b => Some (greatest_of a b) | Some a, None => Some a | None,
        b => b end)
               (match high_end e, high_end r with Some a, Some b => Some (greatest_of a b) | _, _ => None end)).
    destruct E as [L H], IH as [L' H']. set (m := largest (t' :: l')) in *. assert (ML := Rmax_l t m). assert (MR := Rmax_r t m).
    split; cbn [low_end high_end].
    + destruct (low_end e), (low_end (ends_of_largest rest)); try exact I; try lra.
      rewrite greatest_of_value. apply Rmax_lub; lra.
    + destruct (high_end e), (high_end (ends_of_largest rest)); try exact I.
      rewrite greatest_of_value.
      apply Rmax_lub; [apply Rle_trans with (Q2R q); [exact H|apply Rmax_l]|apply Rle_trans with (Q2R q0); [exact H'|apply Rmax_r]].
Qed.

(** * What is told *)

(** The function of each entry of a step; [f] is the one of a step that is one-to-one. *)
Definition entry_function (f : R -> R) (op : operation) (i : Z) (z : R) : R :=
  match op with
  | LeakyStep each slopes => leaky (chosen_number each slopes i) z
  | ClipStep least most => clipped least most z
  | SquareStep => z * z
  | OneToOneStep _ => f z
  | _ => z
  end.

Definition tells_same (t : told) (a b : R) : Prop :=
  match t with
  | TellsAll => a = b
  | Tells functions => forall s c, In (s, c) functions -> relu (IZR s * a + Q2R c) = relu (IZR s * b + Q2R c)
  end.

Definition reads_entries (op : operation) : bool :=
  match op with LeakyStep _ _ | ClipStep _ _ | SquareStep | OneToOneStep _ => true | _ => false end.

Lemma end_signs : forall e z, lies e z ->
  (is_nonnegative_end (low_end e) = true -> 0 <= z) /\ (is_nonpositive_end (high_end e) = true -> z <= 0).
Proof.
  intros e z [L H]. split; intro E.
  - unfold is_nonnegative_end in E. destruct (low_end e) as [q|]; [|discriminate]. assert (A := at_most_spec 0 q).
    rewrite E, zero_value in A. lra.
  - unfold is_nonpositive_end in E. destruct (high_end e) as [q|]; [|discriminate]. assert (A := at_most_spec q 0).
    rewrite E, zero_value in A. lra.
Qed.

Lemma clip_acts : forall least most e z, lies e z ->
  (low_acts least e = false -> match least with Some l => Q2R l <= z | None => True end)
  /\ (high_acts most e = false -> match most with Some m => z <= Q2R m | None => True end).
Proof.
  intros least most e z [L H]. split; intro E.
  - destruct least as [l|]; [|exact I]. cbn [low_acts] in E. destruct (low_end e) as [q|]; [|discriminate].
    assert (B := below_rational_spec q l). rewrite E in B. lra.
  - destruct most as [m|]; [|exact I]. cbn [high_acts] in E. destruct (high_end e) as [q|]; [|discriminate].
    assert (B := below_rational_spec m q). rewrite E in B. lra.
Qed.

Theorem told_by_right : forall f op i ends a b, reads_entries op = true ->
  (forall name, op = OneToOneStep name -> f a = f b -> a = b) -> lies (force ends) a -> lies (force ends) b ->
  entry_function f op i a = entry_function f op i b -> tells_same (told_by op (slope_table op) i ends) a b.
Proof.
  intros f op i ends a b R O A B E. set (e := force ends) in *.
  destruct (end_signs e a A) as [AP AN], (end_signs e b B) as [BP BN].
  destruct op; try discriminate R; cbn [entry_function told_by slope_table] in *; fold e.
  - destruct (number_at each (size (with_entries no_entries slopes)) (with_entries no_entries slopes) i) as [s|] eqn:NS;
      [|intros ? ? []].
    rewrite size_of_entries in NS. cbn [size no_entries] in NS. rewrite Z.add_0_l in NS. apply number_at_right in NS.
    rewrite NS in E.
    assert (S := below_rational_spec 0 s). rewrite zero_value in S. unfold leaky in E. destruct (below_rational 0 s).
    + cbn [tells_same]. destruct (Rle_dec 0 a), (Rle_dec 0 b); nra.
    + assert (Z0 := is_zero_value s).
      destruct (is_nonnegative_end (low_end e)); cbn [orb].
      { cbn [tells_same]. specialize (AP eq_refl). specialize (BP eq_refl). destruct (Rle_dec 0 a), (Rle_dec 0 b); lra. }
      destruct (is_nonpositive_end (high_end e)); cbn [andb].
      { specialize (AN eq_refl). specialize (BN eq_refl). destruct (Qnum s =? 0)%Z; cbn [negb tells_same].
        - intros s' c [F|[]]. injection F as <- <-. rewrite zero_value. unfold relu, Rmax. repeat destruct (Rle_dec _ _); lra.
        - assert (Q2R s < 0) by lra. destruct (Rle_dec 0 a), (Rle_dec 0 b); nra. }
      destruct (Qnum s =? 0)%Z; cbn [tells_same]; [|intros ? ? []].
      intros s' c [F|[]]. injection F as <- <-. rewrite zero_value, Z0 in *. unfold relu, Rmax.
      destruct (Rle_dec 0 a), (Rle_dec 0 b); repeat destruct (Rle_dec _ _); lra.
  - destruct (clip_acts least most e a A) as [AL AH], (clip_acts least most e b B) as [BL BH]. unfold clipped in E.
    destruct (low_acts least e) eqn:LA, (high_acts most e) eqn:HA; cbn [tells_same].
    + intros ? ? [].
    + specialize (AH eq_refl). specialize (BH eq_refl). intros s' c [F|[]]. injection F as <- <-.
      destruct least as [l|]; [|discriminate LA]. cbn [bound]. rewrite Q2R_opp. clear AL BL AP AN BP BN O A B.
      destruct most as [m|]; unfold relu, Rmin, Rmax in *; repeat destruct (Rle_dec _ _); lra.
    + specialize (AL eq_refl). specialize (BL eq_refl). intros s' c [F|[]]. injection F as <- <-.
      destruct most as [m|]; [|discriminate HA]. cbn [bound]. clear AH BH AP AN BP BN O A B.
      destruct least as [l|]; unfold relu, Rmin, Rmax in *; repeat destruct (Rle_dec _ _); lra.
    + specialize (AH eq_refl). specialize (BH eq_refl). specialize (AL eq_refl). specialize (BL eq_refl).
      clear AP AN BP BN O A B. destruct most as [m|], least as [l|]; unfold Rmin, Rmax in *; repeat destruct (Rle_dec _ _); lra.
  - destruct (is_nonnegative_end (low_end e)); cbn [orb].
    { specialize (AP eq_refl). specialize (BP eq_refl). cbn [tells_same]. nra. }
    destruct (is_nonpositive_end (high_end e)); [|intros ? ? []].
    specialize (AN eq_refl). specialize (BN eq_refl). cbn [tells_same]. nra.
  - apply (O name eq_refl E).
Qed.
