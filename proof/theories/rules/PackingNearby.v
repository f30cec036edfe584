(** Rule "packing" with epsilon: n of the disjoint refuters stay refuters when no entry changes by more than epsilon.

    Let z be a point at which the changed rows of a refuter are all negative. Scaled, the rows are the columns c_i of a
    matrix, a multiple of (0, ..., 0, -1) among them if the constants do not sum to 0, and sum_i m_i c_i = 0 with m_i > 0.
    With u = (z, 1), or z where there is no bias, an approximate inverse bounds |u|_1 by the numbers <c_i, u>; these differ
    from negative numbers by little, so they cannot have the weighted sum 0. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia Arith.
From Proof Require Import Layers RealLayers Streams Integers Rows Domains Interior Pairs Tables Combinations OneLayer Sums.
From Proof.rules Require Import Packing.
Import ListNotations.
Open Scope Z_scope.

(** What a refuter comes with: found by the program, looked at here. The factors f_i and the unit E say how its rows are
    scaled, the shares are the m_i, and the inverse is one times 2^60. *)
Record scaling := Scaling { unit_of : Z; factors : list Z; shares : list Z; inverse : list (list Z) }.

Definition fixed_point : Z := 1152921504606846976.

Definition size_of (x : list Z) : Z := fold_right (fun a s => Z.abs a + s) 0 x.
Definition largest (l : list Z) : Z := fold_right Z.max 0 l.
Definition least (l : list Z) : Z := match l with [] => 0 | a :: l' => fold_right Z.min a l' end.

(** f (w, b), or f w, and behind it the unit. *)
Definition column (has_bias : bool) (unit : Z) (t : term) (f : Z) : list Z :=
  map (fun a => f * a) (weights (function t)) ++ (if has_bias then [f * constant (function t)] else []) ++ [unit].

Definition last_column (n : nat) (unit : Z) : list Z := repeat 0 n ++ [- unit; unit].

Fixpoint columns_of (has_bias : bool) (unit : Z) (ts : list term) (fs : list Z) : list (list Z) :=
  match ts, fs with
  | t :: ts', f :: fs' => column has_bias unit t f :: columns_of has_bias unit ts' fs'
  | _, _ => []
  end.

(** How many columns, and entries in each. *)
Definition dimension (n : nat) (has_bias : bool) : nat := if has_bias then S (S n) else S n.

Definition all_columns (n : nat) (has_bias : bool) (ts : list term) (s : scaling) : list (list Z) :=
  columns_of has_bias (unit_of s) ts (factors s) ++
  (if has_bias && negb (Nat.eqb (length ts) (S (S n))) then [last_column n (unit_of s)] else []).

(** Line k of scale (1 - M X), for the columns of M and the lines of X side by side. *)
Definition residual_line (scale : Z) (size : nat) (pairs : list (list Z * list Z)) (k : nat) : list Z :=
  fold_right (fun p a => added a (- nth k (fst p) 0) (snd p)) (map (fun a => scale * a) (unit_vector size k)) pairs.

Fixpoint weighted_columns (ms : list Z) (cs : list (list Z)) : list Z :=
  match ms, cs with
  | m :: ms', c :: cs' => added (weighted_columns ms' cs') m c
  | _, _ => []
  end.

Fixpoint reaches (ts : list term) (fs : list Z) : list Z :=
  match ts, fs with
  | t :: ts', f :: fs' => f * denominator (function t) :: reaches ts' fs'
  | _, _ => []
  end.

(** Whether a refuter stays one. *)
Definition bears (n : nat) (has_bias : bool) (epsilon : Q) (ts : list term) (s : scaling) : bool :=
  let size := dimension n has_bias in
  let cs := all_columns n has_bias ts s in
  let scale := unit_of s * fixed_point in
  let slack := scale - largest (map (fun k => size_of (residual_line scale size (combine cs (inverse s)) k)) (seq 0 size)) in
  let q := Z.of_nat size * Qnum epsilon * largest (reaches ts (factors s)) * largest (map size_of (inverse s)) in
  let room := Zpos (Qden epsilon) * slack - q in
  Nat.eqb (length (factors s)) (length ts) && Nat.eqb (length cs) size && Nat.eqb (length (shares s)) size
  && Nat.eqb (length (inverse s)) size && forallb (fun x => has_length size x) (inverse s)
  && (0 <? unit_of s) && forallb (fun f => 0 <? f) (factors s) && forallb (fun m => 0 <? m) (shares s)
  && (0 <? Qnum epsilon) && forallb (fun a => a =? 0) (firstn (pred size) (weighted_columns (shares s) cs))
  && (0 <? room) && (q * largest (shares s) <? room * least (shares s)).

Section Count.

Variable n : nat.
Variable m : Z.
Variable functions : table integer_row.
Variable has_bias : bool.
Variable epsilon : Q.

(** How many refuters there are, each acceptable and with no row of another; and how many bear epsilon. *)
Fixpoint count_bearing (refuters : stream (list (Z * Z) * delayed scaling)) (used count : Z) (bearing : nat)
  : outcome (Z * nat) :=
  match refuters with
  | Done => Good (count, bearing)
  | More (pairs, s) rest =>
      match support_of_refuter m ISpace functions pairs, terms_of functions 0 pairs with
      | Bad why, _ | _, Bad why => Bad why
      | Good support, Good ts =>
          match with_rows used support with
          | Bad why => Bad why
          | Good used' =>
              let enough := (n <=? bearing)%nat in
              count_bearing rest used' (count + 1)
                (if enough then bearing else if bears n has_bias epsilon ts (force s) then S bearing else bearing)
          end
      end
  end.

End Count.

Definition has_some_bias (rows : list integer_row) : bool := existsb (fun r => negb (constant r =? 0)) rows.

Definition check_nearby (n : nat) (K : domain) (layer : list row) (epsilon : Q)
  (refuters : stream (list (Z * Z) * delayed scaling)) : outcome unit :=
  match K, integer_rows n 0 layer with
  | Space, Some rows =>
      let functions := with_entries no_entries rows in
      match count_bearing n (size functions) functions (has_some_bias rows) epsilon refuters 0 0 0 with
      | Bad why => Bad why
      | Good (count, bearing) =>
          if count <? Z.of_nat n then Bad TooFewRefuters
          else if (bearing <? n)%nat then Bad (TooFewBear (Z.of_nat bearing)) else Good tt
      end
  | Space, None => Bad WrongShape
  | _, _ => Bad WrongDomain
  end.

Open Scope R_scope.

(** * Products *)

Lemma idot_sum : forall w u, idot w u = sum (seq 0 (length w)) (fun k => u k * IZR (nth k w 0%Z)).
Proof.
  induction w as [|a w IH]; intros u; [reflexivity|]. cbn [length idot]. rewrite sum_first. cbn [nth]. rewrite IH. ring.
Qed.

(** * An approximate inverse *)

Definition sign_of (t : R) : R := if Rle_dec 0 t then 1 else -1.

Lemma sign_of_times : forall t, t * sign_of t = Rabs t.
Proof. intro t. unfold sign_of, Rabs. destruct (Rle_dec 0 t), (Rcase_abs t); lra. Qed.

Lemma sign_of_abs : forall t, Rabs (sign_of t) <= 1.
Proof. intro t. unfold sign_of. destruct (Rle_dec 0 t); unfold Rabs; destruct (Rcase_abs _); lra. Qed.

Lemma idot_size : forall x s, (forall j, Rabs (s j) <= 1) -> Rabs (idot x s) <= IZR (size_of x).
Proof.
  induction x as [|a x IH]; intros s S; cbn [idot size_of fold_right]; [rewrite Rabs_R0; lra|]. fold (size_of x).
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult, plus_IZR, abs_IZR.
  specialize (IH (fun j => s (Datatypes.S j)) (fun j => S (Datatypes.S j))). specialize (S 0%nat).
  assert (A := Rabs_pos (IZR a)). nra.
Qed.

Lemma idot_residual : forall scale size pairs k s, (k < size)%nat ->
  idot (residual_line scale size pairs k) s
  = IZR scale * s k - sum pairs (fun p => IZR (nth k (fst p) 0%Z) * idot (snd p) s).
Proof.
  intros scale size pairs k s K. induction pairs as [|p pairs IH]; unfold residual_line, sum in *; cbn [fold_right].
  - rewrite idot_scaled, idot_unit_vector by exact K. ring.
  - rewrite idot_added, IH, opp_IZR. ring.
Qed.

Lemma swapped : forall size pairs u s, (forall p, In p pairs -> length (fst p) = size) ->
  sum (seq 0 size) (fun k => u k * sum pairs (fun p => IZR (nth k (fst p) 0%Z) * idot (snd p) s))
  = sum pairs (fun p => idot (fst p) u * idot (snd p) s).
Proof.
  intros size pairs u s. induction pairs as [|p pairs IH]; intros L.
  - transitivity (sum (seq 0 size) (fun _ => 0)); [apply sum_ext; intros; unfold sum; simpl; ring|apply sum_zero].
  - rewrite (sum_ext _ _ _ (fun k => idot (snd p) s * (u k * IZR (nth k (fst p) 0%Z)) +
      u k * sum pairs (fun q => IZR (nth k (fst q) 0%Z) * idot (snd q) s))).
    + rewrite sum_plus, sum_times, IH by (intros q Q; apply L; right; exact Q).
      rewrite sum_cons, (idot_sum (fst p)), (L p (or_introl eq_refl)). ring.
    + intros k _. rewrite sum_cons. ring.
Qed.

(** |u|_1 by the products of u with the columns. *)
Lemma inverse_bound : forall scale size pairs u residual norm,
  (forall p, In p pairs -> length (fst p) = size) ->
  (forall k, (k < size)%nat -> IZR (size_of (residual_line scale size pairs k)) <= residual) ->
  (forall p, In p pairs -> IZR (size_of (snd p)) <= norm) ->
  IZR scale * sum (seq 0 size) (fun k => Rabs (u k))
  <= residual * sum (seq 0 size) (fun k => Rabs (u k)) + norm * sum pairs (fun p => Rabs (idot (fst p) u)).
Proof.
  intros scale size pairs u residual norm L R N. set (s := fun k => sign_of (u k)).
  assert (S : forall j, Rabs (s j) <= 1) by (intro j; apply sign_of_abs).
  assert (E : sum (seq 0 size) (fun k => u k * idot (residual_line scale size pairs k) s)
    = IZR scale * sum (seq 0 size) (fun k => Rabs (u k)) - sum pairs (fun p => idot (fst p) u * idot (snd p) s)).
  { rewrite <- (swapped size pairs u s L), <- sum_times.
    rewrite (sum_ext _ _ _ (fun k => IZR scale * Rabs (u k) +
      -1 * (u k * sum pairs (fun p => IZR (nth k (fst p) 0%Z) * idot (snd p) s)))).
    - rewrite sum_plus, (sum_times _ _ (-1)). ring.
    - intros k K. apply in_seq in K. rewrite idot_residual by lia. rewrite <- (sign_of_times (u k)). unfold s. ring. }
  assert (A : sum (seq 0 size) (fun k => u k * idot (residual_line scale size pairs k) s)
    <= sum (seq 0 size) (fun k => residual * Rabs (u k))).
  { apply sum_le. intros k K. apply in_seq in K. specialize (R k ltac:(lia)).
    eapply Rle_trans; [apply Rle_abs|]. rewrite Rabs_mult. assert (B := idot_size (residual_line scale size pairs k) s S).
    assert (P := Rabs_pos (u k)). nra. }
  assert (B : sum pairs (fun p => idot (fst p) u * idot (snd p) s) <= sum pairs (fun p => norm * Rabs (idot (fst p) u))).
  { apply sum_le. intros p P. specialize (N p P). eapply Rle_trans; [apply Rle_abs|]. rewrite Rabs_mult.
    assert (C := idot_size (snd p) s S). assert (Q := Rabs_pos (idot (fst p) u)). nra. }
  rewrite sum_times in A, B. lra.
Qed.

(** * Products that are nearly negative *)

Definition nearly (bound : R) (u : point) (c : list Z) (t : R) : Prop := t < 0 /\ Rabs (idot c u - t) <= bound.

Lemma nearly_sizes : forall bound u cs ts, Forall2 (nearly bound u) cs ts ->
  sum cs (fun c => Rabs (idot c u)) <= sum ts Ropp + INR (length cs) * bound.
Proof.
  induction 1 as [|c t cs ts (N & B) _ IH]; unfold sum in *; cbn [fold_right length]; [simpl; lra|].
  rewrite S_INR. assert (A : Rabs (idot c u) <= - t + bound).
  { replace (idot c u) with (t + (idot c u - t)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    rewrite (Rabs_left t N). lra. }
  lra.
Qed.

Lemma nearly_weighted : forall bound u low high cs ts, Forall2 (nearly bound u) cs ts -> 0 < low -> 0 <= bound ->
  forall ms, length ms = length cs -> (forall m, In m ms -> low <= IZR m <= high) ->
  low * sum ts Ropp <= INR (length cs) * (high * bound) - idot (weighted_columns ms cs) u.
Proof.
  intros bound u low high cs ts H P BP. induction H as [|c t cs ts (N & B) _ IH]; intros [|m ms] L M; try discriminate.
  - unfold sum. simpl. lra.
  - cbn [weighted_columns length] in *. rewrite idot_added, S_INR. unfold sum in *. cbn [fold_right].
    specialize (IH ms ltac:(lia) (fun k K => M k (or_intror K))). specialize (M m (or_introl eq_refl)).
    assert (idot c u - t <= bound) by (eapply Rle_trans; [apply Rle_abs|exact B]).
    assert (low * - t <= high * bound - IZR m * idot c u); [|lra].
    assert (low * - t <= IZR m * - t) by nra. assert (IZR m * (idot c u - t) <= IZR m * bound) by nra.
    assert (IZR m * bound <= high * bound) by nra. lra.
Qed.

Lemma largest_spec : forall l a, In a l -> (a <= largest l)%Z.
Proof.
  induction l as [|b l IH]; intros a A; [destruct A|]. unfold largest in *. cbn [fold_right].
  destruct A as [<-|A]; [lia|]. specialize (IH a A). lia.
Qed.

Lemma largest_not_negative : forall l, 0 <= IZR (largest l).
Proof. intro l. apply (IZR_le 0). induction l; unfold largest in *; cbn [fold_right]; lia. Qed.

Lemma least_spec : forall l a, In a l -> (least l <= a)%Z.
Proof.
  intros [|b l] a A; [destruct A|]. cbn [least]. revert a A. induction l as [|c l IH]; intros a A; cbn [fold_right].
  - destruct A as [<-|[]]. lia.
  - destruct A as [<-|[<-|A]]; [specialize (IH b (or_introl eq_refl)); lia|lia|specialize (IH a (or_intror A)); lia].
Qed.

Lemma least_positive : forall l, l <> [] -> forallb (fun m => 0 <? m)%Z l = true -> (0 < least l)%Z.
Proof.
  intros [|b l] NE H; [contradiction|]. cbn [least]. cbn [forallb] in H. apply andb_prop in H as [B H]. apply Z.ltb_lt in B.
  clear NE. induction l as [|c l IH]; cbn [fold_right forallb] in *; [exact B|]. apply andb_prop in H as [C H].
  apply Z.ltb_lt in C. specialize (IH H). lia.
Qed.

Lemma zeros_before : forall k g u, forallb (fun a => a =? 0)%Z (firstn k g) = true -> (forall j, (k <= j)%nat -> u j = 0) ->
  idot g u = 0.
Proof.
  induction k as [|k IH]; intros g u H U.
  - rewrite (idot_ext g u (times 0 zero_point)); [rewrite idot_times; ring|]. intros j _. rewrite (U j) by lia. unfold times. ring.
  - destruct g as [|a g]; [reflexivity|]. cbn [firstn forallb] in H. apply andb_prop in H as [A H]. apply Z.eqb_eq in A. subst a.
    cbn [idot]. rewrite (IH g (fun j => u (S j)) H); [ring|]. intros j J. apply U. lia.
Qed.

(** * A refuter that bears epsilon *)

Definition norm1 (n : nat) (z : point) : R := sum (seq 0 n) (fun k => Rabs (z k)).

(** (z, 1, 0, ...), or (z, 0, ...) where there is no bias. *)
Definition lifted (n : nat) (has_bias : bool) (z : point) : point :=
  fun k => if (k <? n)%nat then z k else if Nat.eqb k n && has_bias then 1 else 0.

Definition extra (has_bias : bool) : R := if has_bias then 1 else 0.

Lemma norm1_lifted : forall n has_bias z,
  sum (seq 0 (dimension n has_bias)) (fun k => Rabs (lifted n has_bias z k)) = norm1 n z + extra has_bias.
Proof.
  intros n has_bias z. unfold norm1, extra.
  assert (E : sum (seq 0 n) (fun k => Rabs (lifted n has_bias z k)) = sum (seq 0 n) (fun k => Rabs (z k))).
  { apply sum_ext. intros k K. apply in_seq in K. unfold lifted. destruct (Nat.ltb_spec k n); [reflexivity|lia]. }
  destruct has_bias; cbn [dimension]; repeat rewrite sum_last; rewrite E; unfold lifted.
  - rewrite (proj2 (Nat.ltb_ge n n)), (proj2 (Nat.ltb_ge (S n) n)), Nat.eqb_refl by lia.
    rewrite (proj2 (Nat.eqb_neq (S n) n)) by lia. cbn [andb]. rewrite Rabs_R1, Rabs_R0. ring.
  - rewrite (proj2 (Nat.ltb_ge n n)) by lia. rewrite andb_false_r, Rabs_R0. ring.
Qed.

Lemma idot_app : forall a b u, idot (a ++ b) u = idot a u + idot b (fun j => u (length a + j)%nat).
Proof.
  induction a as [|x a IH]; intros b u; [cbn; rewrite Rplus_0_l; reflexivity|].
  cbn [app idot length]. rewrite IH. cbn [Nat.add]. ring.
Qed.

Lemma lifted_first : forall n has_bias z w, length w = n -> idot w (lifted n has_bias z) = idot w z.
Proof.
  intros n has_bias z w L. apply idot_ext. intros k K. unfold lifted. destruct (Nat.ltb_spec k n); [reflexivity|lia].
Qed.

Lemma lifted_behind : forall n has_bias z k, (n <= k)%nat ->
  lifted n has_bias z k = if Nat.eqb k n && has_bias then 1 else 0.
Proof. intros n has_bias z k K. unfold lifted. destruct (Nat.ltb_spec k n); [lia|reflexivity]. Qed.

Lemma column_product : forall n has_bias unit t f z, length (weights (function t)) = n ->
  idot (column has_bias unit t f) (lifted n has_bias z)
  = IZR f * (idot (weights (function t)) z + (if has_bias then IZR (constant (function t)) else 0)).
Proof.
  intros n has_bias unit t f z L. unfold column. rewrite idot_app, map_length, idot_scaled, lifted_first, L by exact L.
  destruct has_bias; cbn [app idot]; rewrite !lifted_behind by lia; rewrite Nat.add_0_r, Nat.eqb_refl; cbn [andb].
  - replace (Nat.eqb (n + 1) n) with false by (symmetry; apply Nat.eqb_neq; lia). cbn [andb]. rewrite mult_IZR. ring.
  - ring.
Qed.

Lemma column_length : forall n has_bias unit t f, length (weights (function t)) = n ->
  length (column has_bias unit t f) = dimension n has_bias.
Proof.
  intros n has_bias unit t f L. unfold column. rewrite !app_length, map_length, L. destruct has_bias; cbn; lia.
Qed.

Lemma last_column_product : forall n unit z, idot (last_column n unit) (lifted n true z) = - IZR unit.
Proof.
  intros n unit z. unfold last_column. rewrite idot_app, repeat_length. cbn [idot].
  rewrite !lifted_behind by lia. rewrite Nat.add_0_r, Nat.eqb_refl. cbn [andb].
  replace (Nat.eqb (n + 1) n) with false by (symmetry; apply Nat.eqb_neq; lia). cbn [andb].
  assert (E : forall k u, idot (repeat 0%Z k) u = 0).
  { induction k as [|k IH]; intros u; [reflexivity|]. cbn [repeat idot]. rewrite IH. ring. }
  rewrite E, opp_IZR. ring.
Qed.

Lemma real_dot_near : forall e w s z, length s = length w -> (forall j, Rabs (nth j s 0 - Q2R (nth j w 0%Q)) <= e) ->
  Rabs (dot w z - real_dot s z) <= e * norm1 (length w) z.
Proof.
  intros e. induction w as [|a w IH]; intros [|b s] z L H; try discriminate.
  - unfold norm1, sum. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
  - cbn [dot real_dot length]. unfold norm1. rewrite sum_first. fold (norm1 (length w) (fun j => z (S j))).
    specialize (IH s (fun j => z (S j)) ltac:(simpl in L; lia) (fun j => H (S j))). specialize (H 0%nat). cbn [nth] in H.
    replace (Q2R a * z 0%nat + dot w (fun j => z (S j)) - (b * z 0%nat + real_dot s (fun j => z (S j))))
      with ((Q2R a - b) * z 0%nat + (dot w (fun j => z (S j)) - real_dot s (fun j => z (S j)))) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult. rewrite Rabs_minus_sym in H.
    assert (P := Rabs_pos (z 0%nat)). nra.
Qed.

Lemma no_room : forall ed G q N A D reach e size1 low high,
  0 < ed -> 0 <= N -> 0 < A -> 0 <= D -> 0 <= reach -> 0 < e -> 0 <= high ->
  q = D * (e * ed) * reach * N -> 0 < ed * G - q -> q * high < (ed * G - q) * low ->
  G * size1 <= N * (A + D * (reach * (e * size1))) -> low * A <= D * (high * (reach * (e * size1))) -> False.
Proof.
  intros ed G q N A D reach e size1 low high ED NP AP DP RP EP HP Q R C B W.
  assert (X : (ed * G - q) * size1 <= N * ed * A).
  { apply Rmult_le_compat_l with (r := ed) in B; [|lra]. rewrite Q. lra. }
  assert (F : 0 <= D * high * reach * e) by (repeat apply Rmult_le_pos; lra).
  assert (Y : D * high * reach * e * ((ed * G - q) * size1) <= D * high * reach * e * (N * ed * A)) by (apply Rmult_le_compat_l; assumption).
  assert (Z : (ed * G - q) * (low * A) <= (ed * G - q) * (D * (high * (reach * (e * size1))))) by (apply Rmult_le_compat_l; lra).
  assert (V : q * high * A = D * high * reach * e * (N * ed * A)) by (rewrite Q; ring).
  assert (U : q * high * A < (ed * G - q) * low * A) by (apply Rmult_lt_compat_r; assumption). lra.
Qed.

Section Refuter.

Variable n : nat.
Variable has_bias : bool.
Variable epsilon : Q.
Variable z : point.
Hypothesis epsilon_positive : 0 < Q2R epsilon.

(** The changed row of a term. *)
Definition twin (t : term) (s : real_row) : Prop :=
  exists r, made_from n r (function t) /\ length (normal r) = n /\ near_row epsilon r s /\
    (has_bias = false -> constant (function t) = 0%Z /\ Q2R (bias r) = 0 /\ real_bias s = 0).

Let size1 := norm1 n z + extra has_bias.

Lemma twin_near : forall unit t s f, twin t s -> (0 < f)%Z ->
  Rabs (idot (column has_bias unit t f) (lifted n has_bias z) - IZR (f * denominator (function t)) * real_affine s z)
  <= IZR (f * denominator (function t)) * (Q2R epsilon * size1) /\ 0 < IZR (f * denominator (function t)).
Proof.
  intros unit t s f (r & ((L & _) & D & V) & LR & (NL & NE & NB) & HB) F. apply (IZR_lt 0) in F.
  rewrite column_product by exact L. assert (VZ := V z). unfold value in VZ.
  assert (E : idot (weights (function t)) z + (if has_bias then IZR (constant (function t)) else 0)
    = IZR (denominator (function t)) * affine r z).
  { destruct has_bias; [exact VZ|]. destruct (HB eq_refl) as [C _]. rewrite C in VZ. rewrite <- VZ. simpl. ring. }
  rewrite E, mult_IZR.
  assert (FD : 0 < IZR f * IZR (denominator (function t))) by (apply Rmult_lt_0_compat; assumption). split; [|exact FD].
  replace (IZR f * (IZR (denominator (function t)) * affine r z) - IZR f * IZR (denominator (function t)) * real_affine s z)
    with (IZR f * IZR (denominator (function t)) * (affine r z - real_affine s z)) by ring.
  rewrite Rabs_mult, (Rabs_pos_eq (_ * _)) by lra. apply Rmult_le_compat_l; [lra|].
  assert (DN := real_dot_near (Q2R epsilon) (normal r) (real_normal s) z NL NE). rewrite LR in DN. unfold affine, real_affine.
  replace (dot (normal r) z + Q2R (bias r) - (real_dot (real_normal s) z + real_bias s))
    with ((dot (normal r) z - real_dot (real_normal s) z) + (Q2R (bias r) - real_bias s)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. unfold size1, extra. rewrite Rabs_minus_sym in NB. destruct has_bias.
  - lra.
  - destruct (HB eq_refl) as (_ & B & RB). rewrite B, RB, Rminus_0_r, Rabs_R0. lra.
Qed.

(** The columns of a refuter whose changed rows are all negative at z. *)
Lemma columns_nearly : forall unit reach ts fs ss, Forall2 twin ts ss -> (forall s, In s ss -> real_affine s z < 0) ->
  length fs = length ts -> forallb (fun f => 0 <? f)%Z fs = true -> (forall p, In p (reaches ts fs) -> IZR p <= reach) ->
  exists values, Forall2 (nearly (reach * (Q2R epsilon * size1)) (lifted n has_bias z)) (columns_of has_bias unit ts fs) values /\
    length values = length ts.
Proof.
  intros unit reach ts fs ss T. revert fs. induction T as [|t s ts ss TW T IH]; intros [|f fs] NG L F RE; try discriminate.
  - exists []. split; [constructor|reflexivity].
  - cbn [columns_of reaches forallb length] in *. apply andb_prop in F as [F0 F]. apply Z.ltb_lt in F0.
    destruct (IH fs (fun s' S' => NG s' (or_intror S')) ltac:(lia) F (fun p P => RE p (or_intror P))) as (values & V & LV).
    destruct (twin_near unit t s f TW F0) as [B P]. specialize (RE _ (or_introl eq_refl)).
    exists (IZR (f * denominator (function t)) * real_affine s z :: values). split; [|simpl; lia].
    constructor; [|exact V]. split.
    + specialize (NG s (or_introl eq_refl)). nra.
    + eapply Rle_trans; [exact B|]. apply Rmult_le_compat_r; [|exact RE].
      assert (0 <= norm1 n z). { unfold norm1. rewrite <- (sum_zero _ (seq 0 n)). apply sum_le. intros. apply Rabs_pos. }
      unfold size1, extra. destruct has_bias; apply Rmult_le_pos; lra.
Qed.

Lemma columns_of_lengths : forall unit ts ss fs, Forall2 twin ts ss ->
  forall c, In c (columns_of has_bias unit ts fs) -> length c = dimension n has_bias.
Proof.
  intros unit ts ss fs T. revert fs. induction T as [|t s ts ss (r & ((L & _) & _) & _) _ IH]; intros [|f fs] c C; try destruct C as [<-|C];
    try destruct C.
  - apply column_length, L.
  - apply (IH fs c C).
Qed.

Lemma combine_first : forall A B (cs : list A) (xs : list B) f, length xs = length cs ->
  sum (combine cs xs) (fun p => f (fst p)) = sum cs f.
Proof.
  induction cs as [|c cs IH]; intros [|x xs] f L; try discriminate; [reflexivity|]. cbn [combine]. rewrite !sum_cons, IH; [reflexivity|].
  simpl in L. lia.
Qed.

(** Some row of it is not negative at z. *)
Theorem bears_sound : forall ts s ss, bears n has_bias epsilon ts s = true -> Forall2 twin ts ss ->
  exists r, In r ss /\ 0 <= real_affine r z.
Proof.
  intros ts s ss H T.
  assert (D : (exists r, In r ss /\ 0 <= real_affine r z) \/ forall r, In r ss -> real_affine r z < 0).
  { clear. induction ss as [|r ss IH]; [right; intros r []|]. destruct (Rle_or_lt 0 (real_affine r z)) as [L|L].
    - left. exists r. split; [left; reflexivity|exact L].
    - destruct IH as [(q & Q & L')|N]; [left; exists q; split; [right; exact Q|exact L']|]. right. intros q [<-|Q]; auto. }
  destruct D as [D|NG]; [exact D|exfalso]. unfold bears in H.
  set (size := dimension n has_bias) in H. set (cs := all_columns n has_bias ts s) in H.
  set (scale := (unit_of s * fixed_point)%Z) in H.
  set (lines := map (fun k => size_of (residual_line scale size (combine cs (inverse s)) k)) (seq 0 size)) in H.
  set (reach := largest (reaches ts (factors s))) in H. set (norm := largest (map size_of (inverse s))) in H.
  set (q := (Z.of_nat size * Qnum epsilon * reach * norm)%Z) in H.
  set (room := (Zpos (Qden epsilon) * (scale - largest lines) - q)%Z) in H.
  apply andb_prop in H as [H Q2]. apply andb_prop in H as [H Q1]. apply andb_prop in H as [H ZS]. apply andb_prop in H as [H EP].
  apply andb_prop in H as [H PM]. apply andb_prop in H as [H PF]. apply andb_prop in H as [H PU]. apply andb_prop in H as [H LX].
  apply andb_prop in H as [H LI]. apply andb_prop in H as [H LS]. apply andb_prop in H as [LF LC].
  apply Nat.eqb_eq in LF, LC, LS, LI. apply Z.ltb_lt in PU, EP, Q1, Q2.
  set (u := lifted n has_bias z). set (bound := IZR reach * (Q2R epsilon * size1)).
  assert (RE : forall p, In p (reaches ts (factors s)) -> IZR p <= IZR reach).
  { intros p P. apply IZR_le, largest_spec, P. }
  destruct (columns_nearly (unit_of s) (IZR reach) ts (factors s) ss T NG LF PF RE) as (values & V & LV).
  assert (N1 : 0 <= norm1 n z). { unfold norm1. rewrite <- (sum_zero _ (seq 0 n)). apply sum_le. intros. apply Rabs_pos. }
  assert (S1 : 0 <= size1) by (unfold size1, extra; destruct has_bias; lra).
  assert (RP : 0 <= IZR reach) by apply largest_not_negative.
  assert (BP : 0 <= bound) by (unfold bound; apply Rmult_le_pos; [exact RP|]; apply Rmult_le_pos; lra).
  apply (IZR_lt 0) in PU.
  (* all columns, with the last one if there is one *)
  assert (ALL : exists all, Forall2 (nearly bound u) cs all).
  { unfold cs, all_columns. destruct (has_bias && negb (Nat.eqb (length ts) (S (S n))))%bool eqn:HB.
    - apply andb_prop in HB as [HB _]. exists (values ++ [- IZR (unit_of s)]). apply Forall2_app; [exact V|]. constructor; [|constructor].
      unfold nearly, u. rewrite HB, last_column_product. split; [lra|]. replace (_ - _) with 0 by ring. rewrite Rabs_R0. exact BP.
    - exists values. rewrite app_nil_r. exact V. }
  destruct ALL as (all & NA).
  assert (LEN : forall c, In c cs -> length c = size).
  { intros c C. unfold cs, all_columns in C. apply in_app_or in C as [C|C]; [apply (columns_of_lengths _ _ _ _ T c C)|].
    destruct (has_bias && negb (Nat.eqb (length ts) (S (S n))))%bool eqn:HB; [|destruct C]. destruct C as [<-|[]].
    apply andb_prop in HB as [HB _]. unfold size, dimension, last_column. rewrite HB, app_length, repeat_length. simpl. lia. }
  assert (IB := inverse_bound scale size (combine cs (inverse s)) u (IZR (largest lines)) (IZR norm)).
  rewrite (combine_first _ _ cs (inverse s) (fun c => Rabs (idot c u))) in IB by congruence.
  assert (U1 : sum (seq 0 size) (fun k => Rabs (u k)) = size1) by apply norm1_lifted. rewrite U1 in IB.
  assert (IB' := IB (fun p P => LEN (fst p) (in_combine_l _ _ _ _ (eq_rect p (fun x => In x _) P _ (surjective_pairing p))))). clear IB.
  specialize (IB' (fun k K => IZR_le _ _ (largest_spec lines _ (in_map _ _ _ (proj2 (in_seq size 0 k) (conj (Nat.le_0_l k) K)))))).
  specialize (IB' (fun p P => IZR_le _ _ (largest_spec (map size_of (inverse s)) _ (in_map size_of _ _ (in_combine_r _ _ _ _ (eq_rect p (fun x => In x _) P _ (surjective_pairing p))))))).
  assert (SZ := nearly_sizes bound u cs all NA). rewrite LC in SZ.
  assert (MS : shares s <> []). { intro E. rewrite E in LS. unfold size, dimension in LS. destruct has_bias; discriminate. }
  assert (LOW := least_positive (shares s) MS PM). apply (IZR_lt 0) in LOW.
  assert (WT := nearly_weighted bound u (IZR (least (shares s))) (IZR (largest (shares s))) cs all NA LOW BP (shares s) ltac:(congruence)
    (fun m M => conj (IZR_le _ _ (least_spec _ m M)) (IZR_le _ _ (largest_spec _ m M)))).
  rewrite LC, (zeros_before (pred size) _ u ZS) in WT.
  2: { intros j J. unfold u. assert (n <= j)%nat by (unfold size, dimension in J; destruct has_bias; simpl in J; lia).
       rewrite lifted_behind by assumption. unfold size, dimension in J. destruct has_bias; cbn [pred] in J.
       - rewrite (proj2 (Nat.eqb_neq j n)) by lia. reflexivity.
       - rewrite andb_false_r. reflexivity. }
  (* the arithmetic *)
  assert (A0 : 0 < sum all Ropp).
  { destruct NA as [|c t cs' all' (N & _) NA']; [unfold size, dimension in LC; destruct has_bias; discriminate LC|].
    rewrite sum_cons. assert (0 <= sum all' Ropp); [|lra]. clear - NA'. induction NA' as [|c t cs' all' (N & _) _ IH]; [unfold sum; simpl; lra|].
    rewrite sum_cons. lra. }
  assert (EN := radius_square epsilon). assert (ED : 0 < IZR (Zpos (Qden epsilon))) by (apply (IZR_lt 0); reflexivity).
  apply IZR_lt in Q1, Q2. rewrite !mult_IZR in Q2. unfold room in Q1, Q2. rewrite minus_IZR, mult_IZR, minus_IZR in Q1, Q2.
  assert (QE : IZR q = INR size * (Q2R epsilon * IZR (Zpos (Qden epsilon))) * IZR reach * IZR norm).
  { unfold q. rewrite !mult_IZR, <- INR_IZR_INZ, <- EN. ring. }
  assert (HP := largest_not_negative (shares s)). assert (NP : 0 <= IZR norm) by apply largest_not_negative.
  assert (DP := pos_INR size).
  apply (no_room (IZR (Zpos (Qden epsilon))) (IZR scale - IZR (largest lines)) (IZR q) (IZR norm) (sum all Ropp) (INR size)
    (IZR reach) (Q2R epsilon) size1 (IZR (least (shares s))) (IZR (largest (shares s)))); try assumption; try lra.
  - unfold bound in SZ. apply Rmult_le_compat_l with (r := IZR norm) in SZ; [|exact NP]. lra.
  - unfold bound in WT. lra.
Qed.

End Refuter.

(** * The layers nearby *)

Lemma real_dot_plus : forall w x y, real_dot w (plus x y) = real_dot w x + real_dot w y.
Proof.
  induction w as [|a w IH]; intros x y; simpl; [ring|].
  change (fun j => plus x y (S j)) with (plus (fun j => x (S j)) (fun j => y (S j))). rewrite IH. unfold plus. ring.
Qed.

Lemma real_dot_times : forall w t x, real_dot w (times t x) = t * real_dot w x.
Proof.
  induction w as [|a w IH]; intros t x; simpl; [ring|].
  change (fun j => times t x (S j)) with (times t (fun j => x (S j))). rewrite IH. unfold times. ring.
Qed.

(** At the midpoint of two points with one image every row is orthogonal to their difference, or strictly negative. *)
Lemma real_midpoint : forall other x y, real_output other x = real_output other y -> forall s, In s other ->
  real_dot (real_normal s) (difference x y) = 0 \/ real_affine s (between (1 / 2) x y) < 0.
Proof.
  induction other as [|r other IH]; intros x y H s S; [destruct S|]. injection H as H1 H2.
  destruct S as [<-|S]; [|apply (IH x y H2 s S)]. unfold difference, between. rewrite real_dot_plus, real_dot_times.
  unfold real_affine in *. rewrite real_dot_plus, !real_dot_times.
  destruct (relu_cases _ _ H1) as [E|[A B]]; [left; lra|].
  destruct (Req_dec (real_dot (real_normal r) x) (real_dot (real_normal r) y)); [left; lra|right; lra].
Qed.

Lemma integer_rows_lengths : forall n layer i zs, integer_rows n i layer = Some zs -> forall r, In r layer -> length (normal r) = n.
Proof.
  induction layer as [|r layer IH]; intros i zs H q Q; [destruct Q|]. cbn [integer_rows] in H.
  destruct (integer_row_of n i r) as [z|] eqn:Z1; [|discriminate].
  destruct (integer_rows n (i + 1) layer) as [rest|] eqn:R; [|discriminate].
  destruct Q as [<-|Q]; [|apply (IH _ _ R q Q)]. unfold integer_row_of in Z1.
  destruct (has_length n (normal r)) eqn:L; [apply has_length_spec, L|discriminate].
Qed.

Lemma support_has_rows : forall m K functions pairs C ts, support_of_refuter m K functions pairs = Good C ->
  terms_of functions 0 pairs = Good ts -> forall t, In t ts -> is_row m t = true -> In (plain t) C.
Proof.
  intros m K functions pairs C ts H T t I R. unfold support_of_refuter in H. rewrite T in H.
  destruct (filter (is_row m) ts) as [|t0 support] eqn:F; [discriminate|].
  destruct (forallb (fun t => 0 <? multiplier t)%Z ts); [|discriminate]. destruct (sum_nonnegative K ts); [|discriminate].
  injection H as <-. change (In (plain t) (map plain (t0 :: support))). rewrite <- F. apply in_map, filter_In. auto.
Qed.

Section Nearby.

Variable n : nat.
Variable layer : list row.
Variable rows : list integer_row.
Variable epsilon : Q.
Variable other : list real_row.
Variables z v : point.
Hypothesis rows_are : integer_rows n 0 layer = Some rows.
Hypothesis other_near : near epsilon layer other.
Hypothesis escape : forall s, In s other -> real_dot (real_normal s) v = 0 \/ real_affine s z < 0.

Let functions := with_entries no_entries rows.
Let has_bias := has_some_bias rows.

Definition other_row (i : Z) : real_row := nth (Z.to_nat i) other (RealRow [] 0).

Lemma no_bias : has_bias = false -> forall r q, In r layer -> In q rows -> made_from n r q -> constant q = 0%Z /\ Q2R (bias r) = 0.
Proof.
  intros HB r q R Q (_ & D & V). unfold has_bias, has_some_bias in HB.
  assert (C : constant q = 0%Z).
  { destruct (Z.eq_dec (constant q) 0) as [E|N]; [exact E|exfalso].
    assert (T : existsb (fun r => negb (constant r =? 0)%Z) rows = true); [|congruence].
    apply existsb_exists. exists q. split; [exact Q|]. apply negb_true_iff, Z.eqb_neq, N. }
  split; [exact C|]. specialize (V (fun _ => 0)). unfold value, affine in V. rewrite C, zero_dot in V.
  assert (I0 : idot (weights q) (fun _ => 0) = 0).
  { rewrite (idot_ext _ _ (times 0 zero_point)); [rewrite idot_times; ring|]. intros; unfold times, zero_point; ring. }
  rewrite I0 in V. apply Rmult_eq_reg_l with (IZR (denominator q)); lra.
Qed.

Lemma entry_twin : forall t, named functions t ->
  twin n has_bias epsilon t (other_row (row_number t)) /\ (Z.to_nat (row_number t) < length other)%nat /\ (0 <= row_number t)%Z.
Proof.
  intros t T. assert (B := entry_number _ _ _ _ T). apply (entry_nth _ rows no_entries) in T; [|cbn; lia].
  replace (row_number t - size no_entries)%Z with (row_number t) in T by (cbn; lia).
  assert (M := integer_rows_spec _ _ _ _ rows_are). destruct other_near as [NR NB].
  assert (L := integer_rows_lengths _ _ _ _ rows_are).
  assert (NB' : has_bias = false -> forall s, In s other -> real_bias s = 0).
  { intros HB. apply NB. intros r R. destruct (Forall2_in_left _ _ _ _ _ M r R) as (q & Q & MQ). apply (no_bias HB r q R Q MQ). }
  assert (NO : has_bias = false -> forall r q, In r layer -> In q rows -> made_from n r q -> constant q = 0%Z /\ Q2R (bias r) = 0)
    by apply no_bias.
  unfold other_row. revert T. generalize (Z.to_nat (row_number t)) as k. clear - M NR L NB' NO B.
  enough (G : forall layer' rows' other' k, Forall2 (made_from n) layer' rows' -> Forall2 (near_row epsilon) layer' other' ->
    incl layer' layer -> incl rows' rows -> incl other' other -> nth_error rows' k = Some (function t) ->
    twin n has_bias epsilon t (nth k other' (RealRow [] 0)) /\ (k < length other')%nat).
  { intros k T. destruct (G layer rows other k M NR (incl_refl _) (incl_refl _) (incl_refl _) T). split; [assumption|]. split; [assumption|lia]. }
  clear NR M. intros layer' rows' other' k M. revert other' k. induction M as [|r q layer' rows' MQ _ IH];
    intros other' k NR IL IR IO T; [destruct k; discriminate|]. inversion NR as [|? s ? other'' NS NR']; subst.
  destruct k as [|k]; cbn [nth_error nth length] in *.
  - injection T as ->. split; [|lia]. exists r. split; [exact MQ|]. split; [apply L, IL; left; reflexivity|]. split; [exact NS|].
    intros HB. destruct (NO HB r (function t) (IL r (or_introl eq_refl)) (IR _ (or_introl eq_refl)) MQ) as [A C].
    split; [exact A|]. split; [exact C|]. apply (NB' HB), IO. left. reflexivity.
  - destruct (IH other'' k NR' (fun a A => IL a (or_intror A)) (fun a A => IR a (or_intror A)) (fun a A => IO a (or_intror A)) T).
    split; [assumption|lia].
Qed.

(** Different rows, all used, that v is orthogonal to. *)
Definition kept_rows (used : Z) (I : list Z) : Prop :=
  NoDup I /\ forall i, In i I -> member used i = true /\ (0 <= i)%Z /\ (Z.to_nat i < length other)%nat /\
    real_dot (real_normal (other_row i)) v = 0.

Lemma count_bearing_kept : forall refuters used count bearing result k,
  count_bearing n (size functions) functions has_bias epsilon refuters used count bearing = Good (result, k) ->
  forall I, kept_rows used I -> length I = bearing ->
  exists J used', kept_rows used' J /\ length J = k.
Proof.
  induction refuters as [|[pairs s] rest IH]; intros used count bearing result k H I KI L; cbn [count_bearing] in H.
  - injection H as <- <-. exists I, used. auto.
  - destruct (support_of_refuter (size functions) ISpace functions pairs) as [C|] eqn:E; [|discriminate].
    destruct (terms_of functions 0 pairs) as [ts|] eqn:T; [|discriminate].
    destruct (with_rows used C) as [used'|] eqn:W; [|discriminate].
    assert (N := terms_of_named _ _ _ _ T).
    assert (CN : forall t, In t C -> named functions t).
    { clear - E T N. unfold support_of_refuter in E. rewrite T in E. destruct (filter (is_row (size functions)) ts) as [|t0 l] eqn:F; [discriminate|].
      destruct (forallb (fun t => 0 <? multiplier t)%Z ts); [|discriminate]. destruct (sum_nonnegative ISpace ts); [|discriminate].
      injection E as <-. intros t I. change (In t (map plain (t0 :: l))) in I. rewrite <- F in I.
      apply in_map_iff in I as (q & <- & Q). apply filter_In in Q as [Q _]. apply (N q Q). }
    destruct (with_rows_spec functions C used used' W CN) as [A B].
    assert (K' : kept_rows used' I).
    { destruct KI as [ND KI]. split; [exact ND|]. intros i II. destruct (KI i II) as [M R]. split; [apply A, M|exact R]. }
    destruct (n <=? bearing)%nat; [apply (IH _ _ _ _ _ H I K' L)|].
    destruct (bears n has_bias epsilon ts (force s)) eqn:BE; [|apply (IH _ _ _ _ _ H I K' L)].
    assert (EP : 0 < Q2R epsilon).
    { unfold bears in BE. do 3 (apply andb_prop in BE as [BE _]). apply andb_prop in BE as [_ BE]. apply positive_radius, BE. }
    destruct (bears_sound n has_bias epsilon z EP ts (force s) (map (fun t => other_row (row_number t)) ts) BE) as (q & Q & P).
    { clear - N rows_are other_near. induction ts as [|t ts IHt]; [constructor|]. cbn [map]. constructor.
      - apply entry_twin, N. left. reflexivity.
      - apply IHt. intros q Q. apply N. right. exact Q. }
    apply in_map_iff in Q as (t & <- & TI). destruct (entry_twin t (N t TI)) as (_ & TL & T0).
    assert (PC : In (plain t) C).
    { apply (support_has_rows _ _ _ _ _ _ E T t TI). apply Z.ltb_lt. apply (entry_number _ _ _ _ (N t TI)). }
    destruct (B _ PC) as [U1 U2]. cbn [plain row_number] in U1, U2.
    apply (IH _ _ _ _ _ H (row_number t :: I)); [|cbn [length]; lia]. destruct KI as [ND KI]. split.
    + constructor; [|exact ND]. intro F. apply KI in F as [F _]. congruence.
    + intros i [<-|II]; [|apply K', II]. split; [exact U2|]. split; [exact T0|]. split; [exact TL|].
      destruct (escape (other_row (row_number t))) as [O|O]; [apply nth_In, TL|exact O|lra].
Qed.

End Nearby.

(** The refuters without what they come with. *)
Fixpoint refuters_alone {A : Type} (refuters : stream (list (Z * Z) * A)) : stream (list (Z * Z)) :=
  match refuters with Done => Done | More (pairs, _) rest => More pairs (refuters_alone rest) end.

Lemma count_bearing_disjoint : forall n m functions has_bias epsilon refuters used count bearing result k,
  count_bearing n m functions has_bias epsilon refuters used count bearing = Good (result, k) ->
  count_disjoint m ISpace functions (refuters_alone refuters) used count = Good result.
Proof.
  intros n m functions has_bias epsilon. induction refuters as [|[pairs s] rest IH]; intros used count bearing result k H;
    cbn [count_bearing refuters_alone count_disjoint] in *.
  - injection H as <- _. reflexivity.
  - destruct (support_of_refuter m ISpace functions pairs) as [C|]; [|discriminate].
    destruct (terms_of functions 0 pairs) as [ts|]; [|discriminate].
    destruct (with_rows used C) as [used'|]; [|discriminate]. apply (IH _ _ _ _ _ H).
Qed.

Theorem check_nearby_sound : forall n K layer epsilon refuters, check_nearby n K layer epsilon refuters = Good tt ->
  (full_spark n layer -> injective n K layer) /\ injective_nearby n epsilon layer.
Proof.
  intros n K layer epsilon refuters H. unfold check_nearby in H. destruct K; try discriminate.
  destruct (integer_rows n 0 layer) as [rows|] eqn:R; [|discriminate].
  set (functions := with_entries no_entries rows) in H.
  destruct (count_bearing n (size functions) functions (has_some_bias rows) epsilon refuters 0 0 0) as [[count bearing]|] eqn:C; [|discriminate].
  destruct (count <? Z.of_nat n)%Z eqn:EN; [discriminate|]. destruct (bearing <? n)%nat eqn:BN; [discriminate|]. split.
  - apply (packing_injective n Space ISpace layer rows (MadeSpace n) (integer_rows_spec _ _ _ _ R) (refuters_alone refuters)).
    unfold check_packing. cbn [halfspaces with_entries fold_left]. fold (with_entries (@no_entries integer_row) rows). fold functions.
    rewrite (count_bearing_disjoint _ _ _ _ _ _ _ _ _ _ _ C), EN. reflexivity.
  - intros other NO FS x y E. apply Nat.ltb_ge in BN.
    destruct (count_bearing_kept n layer rows epsilon other (between (1 / 2) x y) (difference x y) R NO (real_midpoint other x y E)
      refuters 0%Z 0%Z 0%nat count bearing C []) as (J & used & [ND KJ] & L).
    + split; [constructor|intros i []].
    + reflexivity.
    + assert (V : same n (difference x y) (fun _ => 0)).
      { apply (FS (firstn n (map Z.to_nat J)) (difference x y)).
        - assert (NM : NoDup (map Z.to_nat J)).
          { clear - ND KJ. induction ND as [|i J NI ND IH]; cbn [map]; constructor.
            - intro F. apply in_map_iff in F as (k & F & KI). apply NI. replace i with k; [exact KI|].
              destruct (KJ i (or_introl eq_refl)) as (_ & I0 & _). destruct (KJ k (or_intror KI)) as (_ & K0 & _). lia.
            - apply IH. intros k KI. apply KJ. right. exact KI. }
          rewrite <- (firstn_skipn n (map Z.to_nat J)) in NM. clear - NM. induction (firstn n (map Z.to_nat J)) as [|a l IH]; [constructor|].
          cbn [app] in NM. inversion NM as [|? ? A B]; subst. constructor; [|apply IH, B]. intro I. apply A, in_or_app. left. exact I.
        - apply firstn_length_le. rewrite map_length. lia.
        - intros i I. assert (I' : In i (map Z.to_nat J)) by (rewrite <- (firstn_skipn n); apply in_or_app; left; exact I).
          apply in_map_iff in I' as (k & <- & KI). apply (KJ k KI).
        - intros i I. assert (I' : In i (map Z.to_nat J)) by (rewrite <- (firstn_skipn n); apply in_or_app; left; exact I).
          apply in_map_iff in I' as (k & <- & KI). apply (KJ k KI). }
      intros j J'. specialize (V j J'). unfold difference, plus, times in V. lra.
Qed.
