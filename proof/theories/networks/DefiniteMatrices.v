(** Whether a matrix of integers, with positive multipliers of its rows, has a positive definite symmetric part. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Integers Rows Sums.
From Proof.rules Require Import Gram.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

Fixpoint products_of (y z : list Z) : list Z :=
  match y, z with
  | a :: y', b :: z' => a * b :: products_of y' z'
  | _, _ => []
  end.

(** Row i of d_i S_ij + d_j S_ji, from the diagonal on. *)
Fixpoint symmetric_part (ds : list Z) (rows : list (list Z)) : triangle :=
  match ds, rows with
  | d :: ds', row :: rows' =>
      (2 * d * hd 0 row :: added (map (fun a => d * a) (tl row)) 1 (products_of ds' (map (hd 0) rows')))
      :: symmetric_part ds' (map (@tl Z) rows')
  | _, _ => []
  end.

Definition diagonal_positive (T : triangle) : bool := forallb (fun t => 0 <? hd 0 t) T.

(** All pivots of the elimination are positive; the last one divides the new entries (Bareiss). *)
Fixpoint pivots_positive (size : list Z) (d : Z) (T : triangle) : bool :=
  match T, size with
  | [], _ => true
  | (p :: r) :: T', _ :: size' =>
      (0 <? p) && pivots_positive size' p (divided_triangle d (combined_triangles p T' 1 (outer_square 1 r)))
  | _, _ => false
  end.

(** t - (c / p) r, with the quotients rounded; None if one is longer. *)
Fixpoint rounded_row (p c : Z) (t r : list Z) : option (list Z) :=
  match t, r with
  | [], [] => Some []
  | a :: t', b :: r' => match rounded_row p c t' r' with Some u => Some (a - Z.quot (c * b) p :: u) | None => None end
  | _, _ => None
  end.

(** T - r r^T / p, rounded, and so much taken away from the diagonal that what is left is below that. *)
Fixpoint rounded_step (size p : Z) (r : list Z) (T : triangle) : option triangle :=
  match r, T with
  | [], [] => Some []
  | c :: r', (a :: t) :: T' =>
      match rounded_row p c t r', rounded_step size p r' T' with
      | Some u, Some U => Some ((a - Z.quot (c * c) p - size :: u) :: U)
      | _, _ => None
      end
  | _, _ => None
  end.

(** The elimination with numbers that do not grow. *)
Fixpoint rounded_pivots_positive (size : list Z) (T : triangle) : bool :=
  match T, size with
  | [], _ => true
  | (p :: r) :: T', _ :: size' =>
      if 0 <? p then
        match rounded_step (Z.of_nat (length T')) p r T' with
        | Some U => rounded_pivots_positive size' U
        | None => false
        end
      else false
  | _, _ => false
  end.

(** How many rows make it worth while to try that first, and what the matrix is multiplied by for that. *)
Definition many_rows : Z := 24.
Definition precision : Z := Z.setbit 0 80.

Definition is_definite (ds : list Z) (rows : list (list Z)) : bool :=
  let T := symmetric_part ds rows in
  diagonal_positive T &&
  (((many_rows <? Z.of_nat (length T)) && rounded_pivots_positive ds (map (map (Z.mul precision)) T)) || pivots_positive ds 1 T).

Open Scope R_scope.

(** * Definite forms *)

(** The sum of d_i v_i <row_i, w>. *)
Fixpoint weighted_form (ds : list Z) (rows : list (list Z)) (v w : point) : R :=
  match ds, rows with
  | d :: ds', row :: rows' => IZR d * v 0%nat * idot row w + weighted_form ds' rows' (fun j => v (S j)) w
  | _, _ => 0
  end.

Lemma weighted_form_heads : forall ds rows v w, weighted_form ds rows v w
  = w 0%nat * idot (products_of ds (map (hd 0%Z) rows)) v + weighted_form ds (map (@tl Z) rows) v (fun j => w (S j)).
Proof.
  induction ds as [|d ds IH]; intros [|row rows] v w; cbn [weighted_form products_of map idot]; try ring.
  rewrite IH, mult_IZR. destruct row as [|a row]; cbn [hd tl idot]; ring.
Qed.

Lemma form_symmetric_part : forall ds rows v, form (symmetric_part ds rows) v = 2 * weighted_form ds rows v v.
Proof.
  induction ds as [|d ds IH]; intros [|row rows] v; cbn [symmetric_part form weighted_form]; try ring.
  rewrite IH, (weighted_form_heads ds rows _ v). unfold row_form. cbn [hd idot].
  rewrite idot_added, idot_scaled, !mult_IZR. destruct row as [|a row]; cbn [hd tl idot]; ring.
Qed.

Lemma idot_zero_point : forall w (x : point), (forall j, (j < length w)%nat -> x j = 0) -> idot w x = 0.
Proof.
  intros w x H. rewrite (idot_ext w x (times 0 zero_point)); [rewrite idot_times; ring|].
  intros j J. rewrite (H j J). unfold times. ring.
Qed.

Lemma combined_triangles_length : forall T p q U, (length T <= length (combined_triangles p T q U))%nat /\
  (length U <= length (combined_triangles p T q U))%nat.
Proof.
  induction T as [|t T IH]; intros p q [|u U]; cbn [combined_triangles length]; rewrite ?map_length; cbn [length]; try lia.
  destruct (IH p q U). lia.
Qed.

Lemma divided_triangle_length : forall d T, length (divided_triangle d T) = length T.
Proof.
  intros d T. unfold divided_triangle. destruct (1 <? d)%Z; [|reflexivity].
  destruct (all_quotients d T) as [U|] eqn:Q; [|reflexivity].
  revert U Q. induction T as [|t T IH]; intros U Q; cbn [all_quotients] in Q; [injection Q as <-; reflexivity|].
  destruct (quotients d t); [|discriminate]. destruct (all_quotients d T) as [V|]; [|discriminate]. injection Q as <-.
  cbn [length]. rewrite (IH V eq_refl). reflexivity.
Qed.

Lemma outer_square_length : forall k w, length (outer_square k w) = length w.
Proof. induction w as [|a w IH]; cbn [outer_square length]; [reflexivity|]. rewrite IH. reflexivity. Qed.

(** The form is at least 0, and 0 only at 0. *)
Definition definite_form (T : triangle) : Prop :=
  forall v, 0 <= form T v /\ (form T v = 0 -> forall j, (j < length T)%nat -> v j = 0).

Lemma definite_form_nil : definite_form [].
Proof. intro v. cbn [form length]. split; [lra|intros; lia]. Qed.

(** One pivot: what is left is above a multiple of a definite form. *)
Lemma definite_form_pivot : forall p r T U f, (0 < p)%Z -> 0 < f -> definite_form U ->
  (length T <= length U)%nat -> (length r <= length U)%nat ->
  (forall u, f * form U u <= IZR p * form T u - idot r u * idot r u) -> definite_form ((p :: r) :: T).
Proof.
  intros p r T U f P F D LT LR H v. apply (IZR_lt 0) in P. set (v0 := v 0%nat). set (u := fun j => v (S j)).
  destruct (D u) as [Q Z0]. specialize (H u). set (t := IZR p * v0 + idot r u).
  assert (E : IZR p * form ((p :: r) :: T) v = t * t + (IZR p * form T u - idot r u * idot r u)).
  { cbn [form]. unfold row_form. cbn [hd idot]. fold u v0. unfold t. ring. }
  assert (T0 : 0 <= t * t) by apply Rle_0_sqr. assert (F0 : 0 <= f * form U u) by (apply Rmult_le_pos; lra).
  split; [apply Rmult_le_reg_l with (IZR p); lra|].
  intros V. rewrite V, Rmult_0_r in E.
  assert (FU : form U u = 0) by (apply Rmult_eq_reg_l with f; lra). specialize (Z0 FU).
  assert (R0 : idot r u = 0) by (apply idot_zero_point; intros j J; apply Z0; lia).
  intros [|j] J; [|cbn [length] in J; apply Z0; lia].
  assert (TZ : t = 0) by (apply Rsqr_0_uniq; unfold Rsqr; lra). unfold t in TZ. rewrite R0 in TZ. fold v0.
  apply Rmult_eq_reg_l with (IZR p); lra.
Qed.

Lemma pivots_positive_sound : forall size d T, pivots_positive size d T = true -> definite_form T.
Proof.
  induction size as [|s size IH]; intros d T H; destruct T as [|[|p r] T]; cbn [pivots_positive] in H; try discriminate;
    try apply definite_form_nil.
  apply andb_prop in H as [P H]. apply Z.ltb_lt in P.
  destruct (form_divided d (combined_triangles p T 1 (outer_square 1 r))) as (f & F & E).
  assert (LT := combined_triangles_length T p 1 (outer_square 1 r)). rewrite outer_square_length in LT.
  apply (definite_form_pivot p r T _ f P F (IH _ _ H)); rewrite ?divided_triangle_length; try lia.
  intro u. rewrite E, form_combined, form_outer_square. lra.
Qed.

(** * Rounding *)

Fixpoint squares (n : nat) (v : point) : R :=
  match n with O => 0 | S n' => v 0%nat * v 0%nat + squares n' (fun j => v (S j)) end.

Lemma quotient_error : forall a p, (0 < p)%Z -> - IZR p <= IZR p * IZR (Z.quot a p) - IZR a <= IZR p.
Proof.
  intros a p P. assert (E := Z.quot_rem' a p). assert (B := Z.rem_bound_abs a p ltac:(lia)).
  rewrite <- mult_IZR, <- minus_IZR, <- opp_IZR. split; apply IZR_le; lia.
Qed.

(** 2 e a b >= - p (a^2 + b^2) *)
Lemma product_bound : forall p e a b, - p <= e <= p -> - (p * (a * a + b * b)) <= 2 * (a * (e * b)).
Proof.
  intros p e a b [L U]. assert (A := Rle_0_sqr (a + b)). assert (B := Rle_0_sqr (a - b)). unfold Rsqr in *.
  assert (0 <= (p + e) * ((a + b) * (a + b))) by (apply Rmult_le_pos; lra).
  assert (0 <= (p - e) * ((a - b) * (a - b))) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma rounded_row_spec : forall p c t r u, (0 < p)%Z -> rounded_row p c t r = Some u -> length t = length r /\
  forall v0 v, - (IZR p * (INR (length t) * (v0 * v0) + squares (length t) v))
    <= 2 * (v0 * (IZR p * idot t v - IZR c * idot r v - IZR p * idot u v)).
Proof.
  intros p c. induction t as [|a t IH]; intros [|b r] u P H; cbn [rounded_row] in H; try discriminate.
  - injection H as <-. split; [reflexivity|]. intros v0 v. cbn. lra.
  - destruct (rounded_row p c t r) as [u'|] eqn:E; [|discriminate]. injection H as <-. destruct (IH r u' P E) as [L B].
    split; [cbn [length]; rewrite L; reflexivity|]. intros v0 v. specialize (B v0 (fun j => v (S j))).
    assert (Q := product_bound _ _ v0 (v 0%nat) (quotient_error (c * b) p P)).
    cbn [length idot squares]. rewrite S_INR, minus_IZR. rewrite mult_IZR in Q. lra.
Qed.

Lemma rounded_step_spec : forall size p r T U, (0 < p)%Z -> rounded_step size p r T = Some U ->
  length U = length T /\ length r = length T /\
  forall v, IZR p * form U v + IZR p * ((IZR size - INR (length T)) * squares (length T) v)
    <= IZR p * form T v - idot r v * idot r v.
Proof.
  intros size p. induction r as [|c r IH]; intros T U P H; (destruct T as [|[|a t] T]; cbn [rounded_step] in H; try discriminate).
  - injection H as <-. repeat split. intro v. cbn. lra.
  - destruct (rounded_row p c t r) as [u|] eqn:R; [|discriminate].
    destruct (rounded_step size p r T) as [U'|] eqn:E; [|discriminate]. injection H as <-.
    destruct (IH T U' P E) as (LU & LR & B). destruct (rounded_row_spec p c t r u P R) as [LT C].
    cbn [length]. split; [lia|]. split; [lia|]. intro v.
    specialize (B (fun j => v (S j))). specialize (C (v 0%nat) (fun j => v (S j))).
    rewrite LT, LR in C. assert (Q := quotient_error (c * c) p P).
    set (v0 := v 0%nat) in *. set (w := fun j => v (S j)) in *. set (n := length T) in *.
    cbn [form squares]. unfold row_form. cbn [hd idot]. fold v0 w. rewrite S_INR, !minus_IZR.
    assert (V0 : 0 <= v0 * v0) by apply Rle_0_sqr.
    assert (Q' : - IZR p * (v0 * v0) <= (IZR p * IZR (c * c ÷ p) - IZR c * IZR c) * (v0 * v0)).
    { apply Rmult_le_compat_r; [exact V0|]. rewrite mult_IZR in Q. lra. }
    lra.
Qed.

Lemma rounded_pivots_positive_sound : forall size T, rounded_pivots_positive size T = true -> definite_form T.
Proof.
  induction size as [|s size IH]; intros T H; destruct T as [|[|p r] T]; cbn [rounded_pivots_positive] in H; try discriminate;
    try apply definite_form_nil.
  destruct (Z.ltb_spec 0 p) as [P|_]; [|discriminate].
  destruct (rounded_step (Z.of_nat (length T)) p r T) as [U|] eqn:R; [|discriminate].
  destruct (rounded_step_spec _ _ _ _ _ P R) as (LU & LR & B).
  apply (definite_form_pivot p r T U (IZR p) P); [apply (IZR_lt 0), P|apply IH, H|lia|lia|].
  intro u. specialize (B u). rewrite <- INR_IZR_INZ in B. lra.
Qed.

Lemma form_multiplied : forall k T v, form (map (map (Z.mul k)) T) v = IZR k * form T v.
Proof.
  induction T as [|t T IH]; intro v; cbn [map form]; [ring|]. rewrite IH. unfold row_form.
  rewrite (idot_scaled k t). destruct t as [|a t]; cbn [map hd idot]; rewrite ?mult_IZR; ring.
Qed.

Theorem is_definite_sound : forall ds rows, is_definite ds rows = true -> definite_form (symmetric_part ds rows).
Proof.
  intros ds rows H. unfold is_definite in H. apply andb_prop in H as [_ H]. apply orb_prop in H as [H|H].
  - apply andb_prop in H as [_ H]. apply rounded_pivots_positive_sound in H. intro v. specialize (H v).
    rewrite form_multiplied, map_length in H. assert (P : 0 < IZR precision) by (apply (IZR_lt 0); reflexivity).
    destruct H as [Q Z0]. split; [apply Rmult_le_reg_l with (IZR precision); lra|]. intro E. apply Z0. rewrite E. ring.
  - apply (pivots_positive_sound _ _ _ H).
Qed.

Lemma symmetric_part_length : forall ds rows, length ds = length rows -> length (symmetric_part ds rows) = length rows.
Proof.
  induction ds as [|d ds IH]; intros [|row rows] L; try discriminate L; [reflexivity|]. injection L as L.
  cbn [symmetric_part length]. rewrite IH; rewrite map_length; auto.
Qed.
