(** The forms of a graph are right: whatever the atoms are, an entry has the value of its form. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Tables.
From Proof.convolution Require Import Convolutions Windows.
From Proof.networks Require Import Graphs GraphForms.
Import ListNotations.
Open Scope R_scope.

(** Values by their numbers. *)
Section Values.

Variable V : Z -> list R.

Fixpoint parts_sum (ps : list part) : R :=
  match ps with
  | [] => 0
  | p :: ps' => IZR (part_factor p) * entry_at (V (part_value p)) (part_entry p) + parts_sum ps'
  end.

(** What a form says: t times the denominator. *)
Definition numerator (f : form) : R := parts_sum (parts f) + IZR (form_constant f).

Definition stands_for (f : form) (t : R) : Prop := 0 < IZR (form_denominator f) /\ numerator f = IZR (form_denominator f) * t.

Definition sums_total (sums : list (list part)) : R := fold_right (fun l t => parts_sum l + t) 0 sums.

Lemma merged_sum : forall l m, parts_sum (merged l m) = parts_sum l + parts_sum m.
Proof.
  induction l as [|p l IH]; intro m; [cbn; ring|].
  induction m as [|q m IHm]; [cbn; ring|]. cbn [merged].
  destruct (before p q); [cbn [parts_sum]; rewrite IH; cbn [parts_sum]; ring|].
  destruct (before q p).
  - change (parts_sum (q :: merged (p :: l) m) = parts_sum (p :: l) + parts_sum (q :: m)). cbn [parts_sum].
    rewrite IHm. cbn [parts_sum]. ring.
  - destruct ((part_value p =? part_value q) && (part_entry p =? part_entry q))%Z eqn:E.
    + apply andb_prop in E as [A B]. apply Z.eqb_eq in A, B.
      destruct (Z.eqb_spec (part_factor p + part_factor q) 0) as [F|F]; cbn [parts_sum part_value part_entry part_factor];
        rewrite IH, <- A, <- B.
      * replace (part_factor q) with (- part_factor p)%Z by lia. rewrite opp_IZR. ring.
      * rewrite plus_IZR. ring.
    + cbn [parts_sum]. rewrite IH. cbn [parts_sum]. ring.
Qed.

Lemma merged_pairs_total : forall sums, sums_total (merged_pairs sums) = sums_total sums.
Proof.
  fix IH 1. intros [|a [|b rest]]; [reflexivity|reflexivity|]. cbn [merged_pairs sums_total fold_right].
  change (fold_right (fun l t => parts_sum l + t) 0 (merged_pairs rest)) with (sums_total (merged_pairs rest)).
  rewrite IH, merged_sum. unfold sums_total. ring.
Qed.

Lemma fold_merged : forall rest a, parts_sum (fold_left merged rest a) = parts_sum a + sums_total rest.
Proof.
  induction rest as [|b rest IH]; intro a; [cbn; ring|]. cbn [fold_left sums_total fold_right]. rewrite IH, merged_sum.
  unfold sums_total. ring.
Qed.

Lemma merged_all_sum : forall A (rounds : list A) sums, parts_sum (merged_all rounds sums) = sums_total sums.
Proof.
  induction rounds as [|r rounds IH]; intros [|a [|b rest]]; try (cbn; ring).
  - cbn [merged_all]. rewrite fold_merged. reflexivity.
  - cbn [merged_all]. rewrite IH. apply merged_pairs_total.
Qed.

Lemma times_parts_sum : forall k ps, parts_sum (times_parts k ps) = IZR k * parts_sum ps.
Proof.
  intros k ps. unfold times_parts. destruct (Z.eqb_spec k 1) as [->|_]; [ring|]. destruct (Z.eqb_spec k 0) as [->|_]; [cbn; ring|].
  induction ps as [|p ps IH]; cbn [map parts_sum times_part part_factor part_value part_entry]; [ring|]. rewrite IH, mult_IZR. ring.
Qed.

Definition right_lookup (lookup : Z -> Z -> option form) : Prop :=
  forall v i f, lookup v i = Some f -> stands_for f (entry_at (V v) i).

Lemma over_denominator_sum : forall lookup d, right_lookup lookup -> forall ps fs sums c,
  found_forms lookup ps = Some fs -> over_denominator d fs = Some (sums, c) -> sums_total sums + IZR c = IZR d * parts_sum ps.
Proof.
  intros lookup d RL. induction ps as [|p ps IH]; intros fs sums c H O; cbn [found_forms] in H.
  - injection H as <-. cbn in O. injection O as <- <-. cbn. ring.
  - destruct (lookup (part_value p) (part_entry p)) as [f|] eqn:L; [|discriminate].
    destruct (found_forms lookup ps) as [rest|]; [|discriminate]. injection H as <-. cbn [over_denominator] in O.
    destruct (d ÷ form_denominator f * form_denominator f =? d)%Z eqn:E; [|discriminate]. apply Z.eqb_eq in E.
    destruct (over_denominator d rest) as [[rest' c']|] eqn:OR; [|discriminate]. injection O as <- <-.
    specialize (IH rest rest' c' eq_refl OR). destruct (RL _ _ _ L) as [P N]. unfold numerator in N.
    cbn [sums_total fold_right parts_sum]. fold (sums_total rest'). rewrite times_parts_sum, plus_IZR, !mult_IZR.
    set (q := (d ÷ form_denominator f)%Z) in *. apply (f_equal IZR) in E. rewrite mult_IZR in E.
    replace (IZR d * (IZR (part_factor p) * entry_at (V (part_value p)) (part_entry p) + parts_sum ps))
      with (IZR (part_factor p) * IZR q * (IZR (form_denominator f) * entry_at (V (part_value p)) (part_entry p))
        + IZR d * parts_sum ps)
      by (rewrite <- E; ring).
    rewrite <- N, <- IH. ring.
Qed.

(** What it says if its denominator is one. *)
Definition would_stand (f : form) (t : R) : Prop := 0 < IZR (form_denominator f) -> numerator f = IZR (form_denominator f) * t.

Lemma resolved_right : forall lookup f f' t, right_lookup lookup -> would_stand f t -> resolved lookup f = Some f' -> stands_for f' t.
Proof.
  intros lookup f f' t RL W H. unfold resolved in H. destruct (found_forms lookup (parts f)) as [fs|] eqn:F; [|discriminate].
  set (d := fold_left _ fs 1%Z) in H. destruct (over_denominator d fs) as [[sums c]|] eqn:O; [|discriminate].
  destruct ((0 <? d) && (0 <? form_denominator f))%Z eqn:P; [|discriminate]. injection H as <-.
  apply andb_prop in P as [P Q]. apply Z.ltb_lt, IZR_lt in P, Q. specialize (W Q).
  assert (E := over_denominator_sum lookup d RL _ _ _ _ F O).
  unfold stands_for, numerator in *. cbn [parts form_constant form_denominator]. rewrite mult_IZR.
  split; [apply Rmult_lt_0_compat; assumption|].
  rewrite merged_all_sum, plus_IZR, mult_IZR.
  replace (IZR (form_denominator f) * IZR d * t) with (IZR d * (parts_sum (parts f) + IZR (form_constant f))) by (rewrite W; ring).
  rewrite Rmult_plus_distr_l, <- E. ring.
Qed.

(** * Affine steps *)

Lemma numbers_below : forall n, numbers n = below n.
Proof.
  intro n. unfold numbers, below. assert (G : forall k i, numbers_from k (Z.of_nat i) = map Z.of_nat (seq i k)).
  { induction k as [|k IH]; intro i; [reflexivity|]. cbn [numbers_from seq map]. f_equal. rewrite <- IH. f_equal. lia. }
  apply (G _ O).
Qed.

Lemma below_length : forall n, length (below n) = Z.to_nat n.
Proof. intro n. unfold below. rewrite map_length, seq_length. reflexivity. Qed.

Lemma combine_map_left : forall A B (l : list A) (h : A -> B), combine l (map h l) = map (fun a => (a, h a)) l.
Proof. induction l as [|a l IH]; intro h; cbn; [reflexivity|]. rewrite IH. reflexivity. Qed.

Lemma entries_listed : forall v : list R, v = map (entry_at v) (below (Z.of_nat (length v))).
Proof.
  intro v. unfold below. rewrite Nat2Z.id, map_map. apply (nth_ext _ _ 0 0); [rewrite map_length, seq_length; reflexivity|].
  intros k K. symmetry. rewrite (nth_indep _ 0 (entry_at v (Z.of_nat 0))) by (rewrite map_length, seq_length; exact K).
  rewrite (map_nth (fun i => entry_at v (Z.of_nat i))), seq_nth by exact K. unfold entry_at. rewrite Nat2Z.id. reflexivity.
Qed.

Lemma each_entry_map : forall f v, each_entry f v = map (fun i => f i (entry_at v i)) (below (Z.of_nat (length v))).
Proof.
  intros f v. unfold each_entry. rewrite (entries_listed v) at 2. rewrite combine_map_left, map_map. reflexivity.
Qed.

Lemma Forall2_map_map : forall A B C D (P : C -> D -> Prop) (f : A -> C) (h : B -> D) l k,
  Forall2 (fun a b => P (f a) (h b)) l k -> Forall2 P (map f l) (map h k).
Proof. induction 1; cbn; constructor; assumption. Qed.

Lemma Forall2_same : forall A (P : A -> A -> Prop) l, (forall a, In a l -> P a a) -> Forall2 P l l.
Proof.
  induction l as [|a l IH]; intro H; constructor; [apply H; left; reflexivity|]. apply IH. intros b B. apply H. right. exact B.
Qed.

Lemma Forall2_flat : forall A B C (P : B -> C -> Prop) (f : A -> list B) (h : A -> list C) l,
  (forall a, In a l -> Forall2 P (f a) (h a)) -> Forall2 P (flat_map f l) (flat_map h l).
Proof.
  induction l as [|a l IH]; intro H; cbn; [constructor|]. apply Forall2_app; [apply H; left; reflexivity|].
  apply IH. intros b I. apply H. right. exact I.
Qed.

Lemma rational_form_right : forall q, would_stand (rational_form q) (Q2R q).
Proof. intros q _. unfold numerator. cbn [rational_form parts form_constant form_denominator parts_sum]. unfold Q2R. field.
apply not_0_IZR. discriminate. Qed.

Lemma entry_form_right : forall v j, would_stand (entry_form v j) (entry_at (V v) j).
Proof. intros v j _. unfold numerator. cbn. ring. Qed.

Lemma nonzero_sum : forall v w j start,
  parts_sum (map (fun p => Part v (start + fst p) (snd p)) (nonzero_from j w)) = idot w (fun i =>
    entry_at (V v) (start + (j + Z.of_nat i))).
Proof.
  induction w as [|a w IH]; intros j start; [reflexivity|]. cbn [nonzero_from idot].
  assert (E : idot w (fun i => entry_at (V v) (start + (j + Z.of_nat (S i)))) = idot w (fun i =>
    entry_at (V v) (start + (j + 1 + Z.of_nat i)))).
  { apply idot_ext. intros i _. f_equal. lia. }
  rewrite E, <- IH. destruct (Z.eqb_spec a 0) as [->|_]; [ring|]. cbn [map parts_sum part_value part_entry part_factor fst snd].
  f_equal. f_equal. f_equal. lia.
Qed.

Lemma dense_rows_right : forall v start layer rows, sparse_rows layer = Some rows ->
  Forall2 (fun r s => would_stand (dense_form v start s) (affine r (fun j => entry_at (V v) (start + Z.of_nat j)))) layer rows.
Proof.
  induction layer as [|r layer IH]; intros rows H; cbn [sparse_rows] in H; [injection H as <-; constructor|].
  destruct (over_one_denominator (bias r :: normal r)) as [[[|b w] d]|] eqn:O; try discriminate.
  destruct (sparse_rows layer) as [rest|]; [|discriminate]. injection H as <-. constructor; [|apply IH; reflexivity].
  intros _. apply over_one_denominator_spec in O as [M _]. inversion M as [|? ? ? ? EB MW]; subst.
  unfold numerator, affine. cbn [dense_form parts form_constant form_denominator fst snd]. rewrite nonzero_sum, EB.
  rewrite (multiples_dot _ _ _ MW). rewrite Rmult_plus_distr_l. reflexivity.
Qed.

Lemma kernel_sum : forall C N v a t d ks kernel, multiples d ks kernel -> forall taps,
  parts_sum (kernel_parts C N v a t (combine ks taps))
  = IZR d * total (fun term => let '(k, (i, u)) := term in
      Q2R k * value_read (picture_of_entries N (V v)) (input_channel C a i) (place_read (mode C) (axes C) N t u))
        (combine kernel taps).
Proof.
  induction 1 as [|z q ks kernel E _ IH]; intros [|[i u] taps]; cbn [combine kernel_parts total parts_sum]; try ring.
  rewrite Rmult_plus_distr_l, <- IH, <- Rmult_assoc, <- E. destruct (Z.eqb_spec z 0) as [->|_]; [ring|].
  destruct (place_read (mode C) (axes C) N t u) as [j|]; cbn [value_read parts_sum part_value part_entry part_factor]; [|ring].
  reflexivity.
Qed.

Lemma number_at_right : forall each l i q, number_at each (Z.of_nat (length l)) (with_entries no_entries l) i = Some q ->
  chosen_number each l i = Q2R q.
Proof.
  intros each l i q H. unfold number_at in H. assert (B := entry_number _ _ _ _ H). apply entry_nth in H; [|cbn; lia].
  cbn [size no_entries] in H. rewrite Z.sub_0_r in H. unfold chosen_number. apply nth_error_nth with (d := 0%Q) in H. rewrite H.
  reflexivity.
Qed.

Lemma scale_form_right : forall v each scale shift i, length scale = length shift ->
  would_stand (scale_form v each (Z.of_nat (length scale)) (with_entries no_entries scale) (with_entries no_entries shift) i)
    (chosen_number each scale i * entry_at (V v) i + chosen_number each shift i).
Proof.
  intros v each scale shift i L. unfold scale_form.
  destruct (number_at each (Z.of_nat (length scale)) (with_entries no_entries scale) i) as [s|] eqn:S; [|intro F; cbn in F; lra].
  destruct (number_at each (Z.of_nat (length scale)) (with_entries no_entries shift) i) as [t|] eqn:T; [|intro F; cbn in F; lra].
  rewrite L in T. apply number_at_right in S, T. rewrite S, T.
  destruct (over_one_denominator [s; t]) as [[[|s' [|t' [|]]] d]|] eqn:O; try (intro F; cbn in F; lra).
  intros _. apply over_one_denominator_spec in O as [M _]. inversion M as [|? ? ? ? ES M']; subst.
  inversion M' as [|? ? ? ? ET _]; subst.
  unfold numerator. cbn [parts form_constant form_denominator parts_sum part_value part_entry part_factor]. rewrite ES, ET. ring.
Qed.

Lemma sum_form_right : forall signed i,
  would_stand (sum_form signed i) (total (fun p => IZR (fst p) * entry_at (V (snd p)) i) signed).
Proof.
  intros signed i _. unfold numerator. cbn [sum_form parts form_constant form_denominator].
  induction signed as [|[s v] signed IH]; cbn [map parts_sum total part_value part_entry part_factor fst snd]; [ring|].
  rewrite Rmult_1_l, Rplus_0_r in *. rewrite IH. reflexivity.
Qed.

Lemma combine_map_right : forall A B C (l : list A) (k : list B) (h : B -> C),
  combine l (map h k) = map (fun p => (fst p, h (snd p))) (combine l k).
Proof. induction l as [|a l IH]; intros [|b k] h; cbn; try reflexivity. rewrite IH. reflexivity. Qed.

Lemma mean_form_right : forall v window (count : positive),
  would_stand (Form (map (fun j => Part v j 1) window) 0 (Zpos count)) (total (entry_at (V v)) window / IZR (Zpos count)).
Proof.
  intros v window count _. unfold numerator. cbn [parts form_constant form_denominator].
  assert (E : parts_sum (map (fun j => Part v j 1) window) = total (entry_at (V v)) window).
  { induction window as [|j window IH]; cbn [map parts_sum total part_value part_entry part_factor]; [reflexivity|]. rewrite IH.
    ring. }
  rewrite E. field. apply not_0_IZR. discriminate.
Qed.

Definition right_entries (fs : list (delayed form)) (l : list R) : Prop := Forall2 (fun f t => would_stand (force f) t) fs l.

Lemma join_right : forall read,
  right_entries
    (flat_map (fun p => map (fun i => Delay (fun _ => entry_form (fst p) i)) (numbers (snd p)))
      (combine read (map (fun v => Z.of_nat (length (V v))) read)))
    (concat (map V read)).
Proof.
  intro read. unfold right_entries. rewrite combine_map_left.
  induction read as [|v read IH]; cbn [map flat_map concat]; [constructor|].
  apply Forall2_app; [|exact IH]. cbn [fst snd]. rewrite numbers_below. rewrite (entries_listed (V v)) at 2.
  apply Forall2_map_map, Forall2_same. intros i _. apply entry_form_right.
Qed.

Theorem affine_entries_right : forall I k op read sizes fs, affine_entries op read sizes = Some fs ->
  map (fun v => Z.of_nat (length (V v))) read = sizes -> right_entries fs (step_value I k op (map V read)).
Proof.
  intros I k op read sizes fs H <-. destruct read as [|v others].
  - destruct op; cbn [affine_entries] in H; try discriminate H. injection H as <-. apply Forall2_map_map, Forall2_same.
    intros q _. apply rational_form_right.
  - cbn [map]. unfold step_value. cbn [nth]. unfold affine_entries in H. cbn [first_number map] in H.
    destruct op; try discriminate H.
    + destruct (sparse_rows layer) as [rows|] eqn:R; [|discriminate]. injection H as <-. unfold dense_forms. rewrite numbers_below.
      apply Forall2_flat. intros block _. apply Forall2_map_map. apply dense_rows_right with (v := v) (start := (block * n)%Z) in R.
      clear - R. induction R; constructor; assumption.
    + injection H as <-. unfold convolution_forms. apply Forall2_flat. intros a _. apply Forall2_flat. intros q _.
      unfold channel_forms.
      destruct (over_one_denominator _) as [[[|b ks] d]|] eqn:O.
      * rewrite map_map. apply Forall2_map_map, Forall2_same. intros J _ F. cbn in F. lra.
      * rewrite map_map. apply Forall2_map_map, Forall2_same. intros J _ _. apply over_one_denominator_spec in O as [M _].
        inversion M as [|? ? ? ? EB MK]; subst. unfold numerator, force. cbn [parts form_constant form_denominator].
        rewrite (kernel_sum _ _ _ _ _ _ _ _ MK), EB. unfold g. ring.
      * rewrite map_map. apply Forall2_map_map, Forall2_same. intros J _ F. cbn in F. lra.
    + destruct (Nat.eqb_spec (length scale) (length shift)) as [E|]; [|discriminate]. injection H as <-. unfold scale_forms.
      rewrite each_entry_map, numbers_below. apply Forall2_map_map, Forall2_same. intros i _. apply scale_form_right, E.
    + injection H as <-. rewrite numbers_below. apply Forall2_map_map, Forall2_same. intros i _. cbn [force].
      change (V v :: map V others) with (map V (v :: others)). rewrite combine_map_right.
      assert (T : forall l : list (Z * Z), total (fun p : Z * list R => IZR (fst p) * entry_at (snd p) i) (map (fun p => (fst p,
        V (snd p))) l)
        = total (fun p => IZR (fst p) * entry_at (V (snd p)) i) l).
      { induction l as [|p l IH]; cbn; [reflexivity|]. rewrite IH. reflexivity. }
      rewrite T. apply sum_form_right.
    + injection H as <-. apply Forall2_map_map, Forall2_same. intros w _. apply mean_form_right.
    + injection H as <-. apply Forall2_map_map, Forall2_same. intros j _. cbn [force].
      destruct (j <? 0)%Z; [apply rational_form_right|apply entry_form_right].
    + injection H as <-.
      apply (join_right (v :: others)).
Qed.

End Values.
