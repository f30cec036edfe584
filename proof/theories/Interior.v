(** Domains are convex and have points that are deep inside: from there one can go a little in every direction. *)

From Coq Require Import List ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains.
Import ListNotations.
Open Scope R_scope.

Definition deep (n : nat) (K : domain) (z : point) : Prop :=
  inside n K z /\ forall u : point, exists e, 0 < e /\ inside n K (plus z (times e u)).

(** (1 - t) x + t y. *)
Definition between (t : R) (x y : point) : point := plus (times (1 - t) x) (times t y).

(** * Convexity *)

Lemma dot_plus : forall w x y, dot w (plus x y) = dot w x + dot w y.
Proof.
  induction w as [|a w IH]; intros x y; simpl; [ring|].
  change (fun j => plus x y (S j)) with (plus (fun j => x (S j)) (fun j => y (S j))).
  rewrite IH. unfold plus. ring.
Qed.

Lemma dot_times : forall w t x, dot w (times t x) = t * dot w x.
Proof.
  induction w as [|a w IH]; intros t x; simpl; [ring|].
  change (fun j => times t x (S j)) with (times t (fun j => x (S j))).
  rewrite IH. unfold times. ring.
Qed.

Lemma affine_between : forall r t x y, affine r (between t x y) = (1 - t) * affine r x + t * affine r y.
Proof. intros. unfold affine, between. rewrite dot_plus, !dot_times. ring. Qed.

Lemma value_between : forall r t x y, value r (between t x y) = (1 - t) * value r x + t * value r y.
Proof. intros. unfold value, between. rewrite idot_plus, !idot_times. ring. Qed.

Lemma square_distance_between : forall c t x y, 0 <= t <= 1 ->
  square_distance c (between t x y) <= (1 - t) * square_distance c x + t * square_distance c y.
Proof.
  induction c as [|a c IH]; intros t x y T; simpl; [lra|].
  specialize (IH t (fun j => x (S j)) (fun j => y (S j)) T).
  change (fun j => between t x y (S j)) with (between t (fun j => x (S j)) (fun j => y (S j))).
  assert (E : between t x y 0%nat = (1 - t) * x 0%nat + t * y 0%nat) by reflexivity. rewrite E.
  set (p := x 0%nat - Q2R a). set (q := y 0%nat - Q2R a).
  replace ((1 - t) * x 0%nat + t * y 0%nat - Q2R a) with ((1 - t) * p + t * q) by (unfold p, q; ring).
  assert (0 <= t * (1 - t) * ((p - q) * (p - q))).
  { apply Rmult_le_pos; [apply Rmult_le_pos; lra|apply Rle_0_sqr]. }
  replace (((1 - t) * p + t * q) * ((1 - t) * p + t * q))
    with ((1 - t) * (p * p) + t * (q * q) - t * (1 - t) * ((p - q) * (p - q))) by ring.
  lra.
Qed.

Lemma convex_bound : forall t a b c, 0 <= t <= 1 -> a <= c -> b <= c -> (1 - t) * a + t * b <= c.
Proof.
  intros t a b c T A B. assert ((1 - t) * a <= (1 - t) * c) by (apply Rmult_le_compat_l; lra).
  assert (t * b <= t * c) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma convex_lower : forall t a b c, 0 <= t <= 1 -> c <= a -> c <= b -> c <= (1 - t) * a + t * b.
Proof. intros t a b c T A B. assert (H := convex_bound t (- a) (- b) (- c) T). lra. Qed.

Theorem convex : forall n K IK t x y, domain_made n K IK -> 0 <= t <= 1 ->
  inside n K x -> inside n K y -> inside n K (between t x y).
Proof.
  intros n K IK t x y M T X Y. destruct M; cbn [inside] in *; auto.
  - intros j J. apply (convex_lower t); auto.
  - intros j J. split; [apply (convex_lower t)|apply (convex_bound t)]; try apply X; try apply Y; auto.
  - eapply Rle_trans; [apply square_distance_between, T|]. apply convex_bound; auto.
  - destruct X as [X X'], Y as [Y Y']. split.
    + intros j J. apply (convex_lower t); auto.
    + eapply Rle_trans; [apply square_distance_between, T|]. apply convex_bound; auto.
  - intros f F. rewrite affine_between. apply convex_bound; auto.
Qed.

(** * Small steps *)

(** What holds for all small positive numbers. *)
Definition for_small (P : R -> Prop) : Prop := exists T, 0 < T /\ forall t, 0 < t <= T -> P t.

Lemma for_small_all : forall A (l : list A) (P : A -> R -> Prop),
  (forall a, In a l -> for_small (P a)) -> for_small (fun t => forall a, In a l -> P a t).
Proof.
  induction l as [|b l IH]; intros P H.
  - exists 1. split; [lra|]. intros t _ a [].
  - destruct (H b (or_introl eq_refl)) as (S & S0 & HS).
    destruct (IH P) as (T & T0 & HT); [intros a A'; apply H; right; exact A'|].
    exists (Rmin S T). split; [apply Rmin_glb_lt; assumption|].
    intros t [t0 tT]. assert (ML := Rmin_l S T). assert (MR := Rmin_r S T).
    intros a [<-|A']; [apply HS; lra|]. apply HT; [lra|exact A'].
Qed.

Lemma for_small_and : forall P Q, for_small P -> for_small Q -> for_small (fun t => P t /\ Q t).
Proof.
  intros P Q (S & S0 & HS) (T & T0 & HT). exists (Rmin S T). split; [apply Rmin_glb_lt; assumption|].
  intros t [t0 tT]. assert (ML := Rmin_l S T). assert (MR := Rmin_r S T). split; [apply HS|apply HT]; lra.
Qed.

(** A number below c stays below c. *)
Lemma for_small_below : forall a b c, a < c -> for_small (fun t => a + t * b <= c /\ (1 - t) * a + t * b < c).
Proof.
  intros a b c H. set (M := 1 + Rabs b + Rabs a).
  assert (MB := Rabs_pos b). assert (MA := Rabs_pos a).
  assert (BB := Rle_abs b). assert (AA := Rle_abs (- a)). rewrite Rabs_Ropp in AA.
  assert (M0 : 0 < M) by (unfold M; lra).
  exists ((c - a) / 2 / M). split.
  - apply Rdiv_lt_0_compat; lra.
  - intros t [t0 tT].
    assert (tM : t * M <= (c - a) / 2).
    { apply Rle_trans with ((c - a) / 2 / M * M); [apply Rmult_le_compat_r; lra|]. right. field. lra. }
    assert (t * b <= t * M) by (apply Rmult_le_compat_l; unfold M; lra).
    assert (t * (b - a) <= t * M) by (apply Rmult_le_compat_l; unfold M; lra).
    split; lra.
Qed.

Lemma for_small_coordinates : forall n (P : nat -> R -> Prop),
  (forall j, (j < n)%nat -> for_small (P j)) -> for_small (fun t => forall j, (j < n)%nat -> P j t).
Proof.
  intros n P H. destruct (for_small_all nat (seq 0 n) P) as (T & T0 & HT).
  - intros j J. apply in_seq in J. apply H. lia.
  - exists T. split; [exact T0|]. intros t Ht j J. apply HT; [exact Ht|]. apply in_seq. lia.
Qed.

Lemma for_small_some : forall P, for_small P -> exists e, 0 < e /\ P e.
Proof. intros P (T & T0 & H). exists T. split; [exact T0|]. apply H. lra. Qed.

(** * Points that are deep inside *)

(** |x + y|^2 <= 2 |x|^2 + 2 |y|^2, and so on. *)
Lemma square_distance_plus : forall n x y,
  square_distance (repeat 0%Q n) (plus x y)
  <= 2 * square_distance (repeat 0%Q n) x + 2 * square_distance (repeat 0%Q n) y.
Proof.
  induction n as [|n IH]; intros x y; cbn [repeat square_distance]; [lra|]. rewrite Q2R_zero.
  specialize (IH (fun j => x (S j)) (fun j => y (S j))).
  change (fun j => plus x y (S j)) with (plus (fun j => x (S j)) (fun j => y (S j))).
  assert (E : plus x y 0%nat = x 0%nat + y 0%nat) by reflexivity. rewrite E.
  assert (0 <= (x 0%nat - y 0%nat) * (x 0%nat - y 0%nat)) by apply Rle_0_sqr. lra.
Qed.

Lemma square_distance_times : forall n t x,
  square_distance (repeat 0%Q n) (times t x) = t * t * square_distance (repeat 0%Q n) x.
Proof.
  induction n as [|n IH]; intros t x; cbn [repeat square_distance]; [ring|]. rewrite Q2R_zero.
  change (fun j => times t x (S j)) with (times t (fun j => x (S j))). rewrite IH. unfold times. ring.
Qed.

Definition center_of (c : list Q) : point := fun j => Q2R (nth j c 0%Q).

Lemma square_distance_center : forall c t u,
  square_distance c (plus (center_of c) (times t u)) = t * t * square_distance (repeat 0%Q (length c)) u.
Proof.
  induction c as [|a c IH]; intros t u; cbn [length repeat square_distance]; [ring|]. rewrite Q2R_zero.
  change (fun j => plus (center_of (a :: c)) (times t u) (S j))
    with (plus (center_of c) (times t (fun j => u (S j)))).
  rewrite IH. unfold plus, times, center_of. cbn [nth]. ring.
Qed.

(** t^2 S <= r^2 for small t. *)
Lemma for_small_square : forall S r, 0 <= S -> 0 < r -> for_small (fun t => t * t * S <= r * r).
Proof.
  intros S r S0 R0. exists (r / (1 + S)). split; [apply Rdiv_lt_0_compat; lra|].
  intros t [t0 tT].
  assert (B : t * (1 + S) <= r).
  { apply Rle_trans with (r / (1 + S) * (1 + S)); [apply Rmult_le_compat_r; lra|]. right. field. lra. }
  assert (0 <= t * S) by (apply Rmult_le_pos; lra).
  assert (t * (t * S) <= r * r) by (apply Rmult_le_compat; lra). lra.
Qed.

Lemma inside_ball_step : forall n r, 0 < r ->
  exists s, 0 < s /\ forall u, for_small (fun t =>
    square_distance (repeat 0%Q n) (plus (fun _ => s) (times t u)) <= r * r).
Proof.
  intros n r R0.
  assert (H0 := fun x => square_distance_nonnegative (repeat 0%Q n) x).
  destruct (for_small_some _ (for_small_square (square_distance (repeat 0%Q n) (fun _ => 1)) (r / 2) (H0 _) ltac:(lra)))
    as (s & s0 & S).
  exists s. split; [exact s0|]. intro u.
  destruct (for_small_square (square_distance (repeat 0%Q n) u) (r / 2) (H0 _) ltac:(lra)) as (T & T0 & HT).
  exists T. split; [exact T0|]. intros t Ht. specialize (HT t Ht).
  assert (E : square_distance (repeat 0%Q n) (fun _ => s) = s * s * square_distance (repeat 0%Q n) (fun _ => 1)).
  { rewrite <- square_distance_times. f_equal. unfold times. apply FunctionalExtensionality.functional_extensionality.
    intros _. ring. }
  assert (P := square_distance_plus n (fun _ => s) (times t u)).
  rewrite square_distance_times, E in P. lra.
Qed.

Lemma plus_step : forall z e u j, plus z (times e u) j = z j + e * u j.
Proof. reflexivity. Qed.

Lemma all_less_nth : forall l u, all_less l u = true -> length l = length u ->
  forall j, (j < length l)%nat -> (nth j l 0 < nth j u 0)%Z.
Proof.
  induction l as [|a l IH]; intros [|b u] H L j J; try discriminate L; [simpl in J; lia|].
  cbn [all_less] in H. apply andb_prop in H as [A H]. apply Z.ltb_lt in A. injection L as L.
  destruct j as [|j]; cbn [nth]; [exact A|]. apply IH; auto. simpl in J. lia.
Qed.

Lemma deep_from_small : forall n K z, inside n K z ->
  (forall u, for_small (fun t => inside n K (plus z (times t u)))) -> deep n K z.
Proof. intros n K z Z H. split; [exact Z|]. intro u. apply for_small_some, H. Qed.

Theorem has_deep_point : forall n K Z, domain_made n K Z -> exists z, deep n K z.
Proof.
  intros n K Z M. destruct M.
  - exists zero_point. split; [exact I|]. intro u. exists 1. split; [lra|exact I].
  - exists (fun _ => 1). apply deep_from_small; [intros j _; lra|].
    intro u. apply for_small_coordinates. intros j _.
    destruct (for_small_below (-1) (- u j) 0 ltac:(lra)) as (T & T0 & H).
    exists T. split; [exact T0|]. intros t Ht. destruct (H t Ht) as [A _]. rewrite plus_step. lra.
  - set (lo := fun j => Q2R (nth j lower 0%Q)). set (hi := fun j => Q2R (nth j upper 0%Q)).
    assert (LH : forall j, (j < n)%nat -> lo j < hi j).
    { intros j J. apply Rmult_lt_reg_l with (IZR d); [assumption|]. unfold lo, hi.
      rewrite <- (multiples_nth _ _ _ H1), <- (multiples_nth _ _ _ H2). apply IZR_lt.
      apply all_less_nth; [assumption| |]; rewrite (multiples_length _ _ _ H1), H; try lia.
      rewrite (multiples_length _ _ _ H2). congruence. }
    exists (fun j => (lo j + hi j) / 2). apply deep_from_small.
    + intros j J. specialize (LH j J). fold (lo j) (hi j). lra.
    + intro v. apply for_small_coordinates. intros j J. specialize (LH j J). fold (lo j) (hi j).
      destruct (for_small_and _ _ (for_small_below ((lo j + hi j) / 2) (v j) (hi j) ltac:(lra))
        (for_small_below (- ((lo j + hi j) / 2)) (- v j) (- lo j) ltac:(lra))) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros t Ht. destruct (HT t Ht) as [[A _] [B _]]. rewrite plus_step. lra.
  - exists (center_of center). apply deep_from_small.
    + cbn [inside]. rewrite <- (Rplus_0_r (Q2R radius * Q2R radius)).
      assert (E : square_distance center (center_of center) = 0).
      { assert (E := square_distance_center center 0 zero_point).
        replace (plus (center_of center) (times 0 zero_point)) with (center_of center) in E.
        - rewrite E. ring.
        - apply FunctionalExtensionality.functional_extensionality. intro j. unfold plus, times. ring. }
      rewrite E. assert (0 < Q2R radius * Q2R radius) by (apply Rmult_lt_0_compat; assumption). lra.
    + intro u. cbn [inside].
      destruct (for_small_square (square_distance (repeat 0%Q (length center)) u) (Q2R radius)
        (square_distance_nonnegative _ _) ltac:(assumption)) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros t Ht. rewrite square_distance_center. apply HT, Ht.
  - destruct (inside_ball_step n (Q2R radius) H) as (s & s0 & S).
    exists (fun _ => s). apply deep_from_small.
    + cbn [inside]. split; [intros j _; lra|].
      destruct (for_small_some _ (S zero_point)) as (e & e0 & E).
      replace (plus (fun _ => s) (times e zero_point)) with (fun _ : nat => s) in E; [exact E|].
      apply FunctionalExtensionality.functional_extensionality. intro j. unfold plus, times, zero_point. ring.
    + intro u. cbn [inside]. apply for_small_and; [|apply S].
      apply for_small_coordinates. intros j _.
      destruct (for_small_below (- s) (- u j) 0 ltac:(lra)) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros t Ht. destruct (HT t Ht) as [A _]. rewrite plus_step. lra.
  - set (z := fun j => IZR (nth j x 0%Z) / IZR d).
    assert (N : forall f, In f functions -> affine f z < 0).
    { intros f F. destruct (Forall2_in_left _ _ _ _ _ H f F) as (r & R & L & P & V).
      rewrite forallb_forall in H2. specialize (H2 r R). apply Z.ltb_lt, IZR_lt in H2.
      unfold inner_product in H2. rewrite plus_IZR, mult_IZR, <- idot_nth in H2.
      apply Rmult_lt_reg_l with (IZR (denominator r)); [exact P|]. rewrite <- V, Rmult_0_r. unfold value.
      apply Rmult_lt_reg_l with (IZR d); [assumption|]. rewrite Rmult_0_r.
      replace (IZR d * (idot (weights r) z + IZR (constant r))) with (IZR d * idot (weights r) z + IZR (constant r) * IZR d) by ring.
      rewrite <- idot_times. rewrite (idot_ext _ _ (fun j => IZR (nth j x 0%Z))); [exact H2|].
      intros j _. unfold times, z. field. lra. }
    exists z. apply deep_from_small.
    + intros f F. apply Rlt_le, N, F.
    + intro u. cbn [inside]. apply for_small_all. intros f F.
      destruct (for_small_below (affine f z) (dot (normal f) u) 0 (N f F)) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros t Ht. destruct (HT t Ht) as [A _].
      unfold affine in *. rewrite dot_plus, dot_times. lra.
Qed.

(** From a point of the domain towards one deep inside, every point on the way is deep inside. *)
Theorem deep_between : forall n K IK t x z, domain_made n K IK ->
  0 < t <= 1 -> inside n K x -> deep n K z -> deep n K (between t x z).
Proof.
  intros n K IK t x z M T X (Z & D). split; [apply (convex n K IK); auto; lra|].
  intro u. destruct (D u) as (e & e0 & E). exists (t * e). split; [apply Rmult_lt_0_compat; lra|].
  replace (plus (between t x z) (times (t * e) u)) with (between t x (plus z (times e u))).
  - apply (convex n K IK); auto; lra.
  - apply FunctionalExtensionality.functional_extensionality. intro j. unfold plus, times, between, plus, times. ring.
Qed.

(** An affine function that is at least 0 on the domain and 0 deep inside is 0 everywhere. *)
Theorem zero_deep : forall n K z g beta, deep n K z ->
  (forall x, inside n K x -> 0 <= idot g x + IZR beta) -> idot g z + IZR beta = 0 ->
  (forall u, idot g u = 0) /\ beta = 0%Z.
Proof.
  intros n K z g beta (Z & D) H E.
  assert (G : forall u, 0 <= idot g u).
  { intro u. destruct (D u) as (e & e0 & I). apply H in I. rewrite idot_plus, idot_times in I.
    apply Rmult_le_reg_l with e; lra. }
  assert (G0 : forall u, idot g u = 0).
  { intro u. apply Rle_antisym; [|apply G]. assert (N := G (times (-1) u)). rewrite idot_times in N. lra. }
  split; [exact G0|]. apply eq_IZR. rewrite G0 in E. lra.
Qed.
