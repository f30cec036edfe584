(** Rule "collision": two points of K, different, with one image. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Tables Combinations.
Import ListNotations.
Open Scope Z_scope.

Fixpoint equal_lists (x y : list Z) : bool :=
  match x, y with
  | a :: x', b :: y' => (a =? b) && equal_lists x' y'
  | _, _ => true
  end.

(** d^2 times the squared length of x - c, for x over d and c over e, times e^2. *)
Fixpoint squares (x c : list Z) (d e : Z) : Z :=
  match c with
  | [] => 0
  | b :: c' =>
      let (a, x') := match x with a :: x' => (a, x') | [] => (0, []) end in
      (a * e - b * d) * (a * e - b * d) + squares x' c' d e
  end.

Definition zeros (n : nat) : list Z := repeat 0 n.

Fixpoint all_between (l x u : list Z) (d e : Z) : bool :=
  match l, x, u with
  | b :: l', a :: x', c :: u' => (b * d <=? a * e) && (a * e <=? c * d) && all_between l' x' u' d e
  | _, _, _ => true
  end.

(** Whether a point, given as n integers over d, lies in the domain. *)
Definition contains (n : nat) (K : integer_domain) (x : list Z) (d : Z) : bool :=
  match K with
  | ISpace => true
  | IOrthant => forallb (fun a => 0 <=? a) x
  | IBox l u e => all_between l x u d e
  | IBall c e r =>
      let s := Qnum r * d * e in
      squares x c d e * (Zpos (Qden r) * Zpos (Qden r)) <=? s * s
  | INonnegativeBall r =>
      let s := Qnum r * d in
      forallb (fun a => 0 <=? a) x && (squares x (zeros n) d 1 * (Zpos (Qden r) * Zpos (Qden r)) <=? s * s)
  | IPolytope functions => forallb (fun r => inner_product r x d <=? 0) functions
  end.

(** The first row whose outputs at the points differ. *)
Fixpoint different_output (rows : list integer_row) (x : list Z) (d : Z) (y : list Z) (e : Z) : option Z :=
  match rows with
  | [] => None
  | r :: rows' =>
      if Z.max (inner_product r x d) 0 * e =? Z.max (inner_product r y e) 0 * d
      then different_output rows' x d y e
      else Some (number r)
  end.

Definition check_points (n : nat) (K : integer_domain) (rows : list integer_row) (x y : list Z) (d e : Z)
  : outcome unit :=
  if equal_lists (map (fun a => e * a) x) (map (fun b => d * b) y) then Bad PointsEqual
  else if negb (contains n K x d) then Bad (PointOutside false)
  else if negb (contains n K y e) then Bad (PointOutside true)
  else match different_output rows x d y e with Some i => Bad (OutputsDiffer i) | None => Good tt end.

Definition check_collision (n : nat) (K : integer_domain) (rows : list integer_row) (x y : list Q) : outcome unit :=
  match over_one_denominator x, over_one_denominator y with
  | Some (zx, d), Some (zy, e) =>
      if has_length n zx && has_length n zy then check_points n K rows zx zy d e else Bad WrongShape
  | _, _ => Bad WrongShape
  end.

Open Scope R_scope.

(** The point with the coordinates x_j / d. *)
Definition over (x : list Z) (d : Z) : point := fun j => IZR (nth j x 0%Z) / IZR d.

Lemma equal_lists_spec : forall x y n, length x = n -> length y = n ->
  (forall j, (j < n)%nat -> nth j x 0%Z = nth j y 0%Z) -> equal_lists x y = true.
Proof.
  induction x as [|a x IH]; intros [|b y] n X Y H; try reflexivity. cbn [equal_lists length] in *.
  subst n. rewrite (proj2 (Z.eqb_eq a b)) by (apply (H 0%nat); lia). simpl. apply (IH y (length x)); auto.
  intros j J. apply (H (S j)). lia.
Qed.

Lemma inner_product_value : forall r x d, 0 < IZR d -> IZR (inner_product r x d) = IZR d * value r (over x d).
Proof.
  intros r x d D. unfold inner_product, value. rewrite plus_IZR, mult_IZR, <- idot_nth.
  rewrite Rmult_plus_distr_l, <- idot_times. rewrite (Rmult_comm (IZR (constant r))). f_equal.
  apply idot_ext. intros j _. unfold times, over. field. lra.
Qed.

Lemma max_relu : forall z, IZR (Z.max z 0) = relu (IZR z).
Proof.
  intro z. unfold relu, Rmax. destruct (Rle_dec (IZR z) 0) as [L|L].
  - apply le_IZR in L. rewrite Z.max_r; auto.
  - rewrite Z.max_l; auto. apply Rnot_le_lt, (lt_IZR 0) in L. lia.
Qed.

Lemma different_output_spec : forall rows x d y e, 0 < IZR d -> 0 < IZR e ->
  different_output rows x d y e = None ->
  forall r, In r rows -> relu (value r (over x d)) = relu (value r (over y e)).
Proof.
  induction rows as [|r rows IH]; intros x d y e D E H s S; [destruct S|]. cbn [different_output] in H.
  destruct (Z.max (inner_product r x d) 0 * e =? Z.max (inner_product r y e) 0 * d)%Z eqn:Q; [|discriminate].
  destruct S as [<-|S]; [|apply (IH x d y e D E H s S)].
  apply Z.eqb_eq, (f_equal IZR) in Q. rewrite !mult_IZR, !max_relu, !inner_product_value, !relu_times in Q by lra.
  apply Rmult_eq_reg_l with (IZR d * IZR e); [lra|]. assert (0 < IZR d * IZR e) by (apply Rmult_lt_0_compat; auto). lra.
Qed.

Lemma squares_value : forall center c e, multiples e c center -> 0 < IZR e -> forall x d, 0 < IZR d ->
  IZR (squares x c d e) = IZR d * IZR d * (IZR e * IZR e) * square_distance center (over x d).
Proof.
  intros center c e M E. induction M as [|b q c center B _ IH]; intros x d D; cbn [squares square_distance]; [simpl; ring|].
  destruct (match x with a :: x' => (a, x') | [] => (0%Z, []) end) as [a x'] eqn:X.
  assert (A : over x d 0%nat = IZR a / IZR d) by (destruct x; injection X as <- <-; reflexivity).
  rewrite plus_IZR, mult_IZR, minus_IZR, !mult_IZR, (IH x' d D), A, B.
  replace (square_distance center (fun j => over x d (S j))) with (square_distance center (over x' d)).
  - field. lra.
  - f_equal. apply FunctionalExtensionality.functional_extensionality. intro j.
    destruct x; injection X as <- <-; unfold over; cbn [nth]; [destruct j|]; reflexivity.
Qed.

Lemma over_nonnegative : forall x d, 0 < IZR d -> forallb (fun a => 0 <=? a)%Z x = true -> forall j, 0 <= over x d j.
Proof.
  intros x d D H j. unfold over. apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat, D].
  destruct (Nat.lt_ge_cases j (length x)) as [J|J]; [|rewrite nth_overflow; auto; lra].
  rewrite forallb_forall in H. apply IZR_le, Z.leb_le, H, nth_In, J.
Qed.

Lemma all_between_spec : forall l x u d e, all_between l x u d e = true ->
  forall j, (j < length l)%nat -> (j < length x)%nat -> (j < length u)%nat ->
  (nth j l 0 * d <= nth j x 0 * e <= nth j u 0 * d)%Z.
Proof.
  induction l as [|b l IH]; intros [|a x] [|c u] d e H j L X U; cbn [length] in *; try lia.
  cbn [all_between] in H. apply andb_prop in H as [H R]. apply andb_prop in H as [P Q].
  apply Z.leb_le in P, Q. destruct j as [|j]; cbn [nth]; [lia|]. apply IH; auto; lia.
Qed.

Lemma bound_from_squares : forall s r d D, 0 < d ->
  s * d * (IZR (Zpos (Qden r)) * IZR (Zpos (Qden r))) <= IZR (Qnum r) * D * (IZR (Qnum r) * D) -> D * D = d ->
  s <= Q2R r * Q2R r.
Proof.
  intros s r d D P H E. assert (RS := radius_square r). set (rd := IZR (Zpos (Qden r))) in *.
  assert (R0 : 0 < rd) by (apply (IZR_lt 0); reflexivity).
  rewrite <- RS in H. apply Rmult_le_reg_r with (d * (rd * rd)).
  - apply Rmult_lt_0_compat; [exact P|]. apply Rmult_lt_0_compat; exact R0.
  - replace (Q2R r * Q2R r * (d * (rd * rd))) with (Q2R r * rd * D * (Q2R r * rd * D)); [lra|]. rewrite <- E. ring.
Qed.

Theorem contains_sound : forall n K IK x d, domain_made n K IK -> length x = n -> 0 < IZR d ->
  contains n IK x d = true -> inside n K (over x d).
Proof.
  intros n K IK x d M L D H. destruct M; cbn [contains inside] in *.
  - exact I.
  - intros j _. apply over_nonnegative; auto.
  - intros j J. assert (B := all_between_spec _ _ _ _ _ H j).
    rewrite (multiples_length _ _ _ H2), (multiples_length _ _ _ H3) in B.
    destruct (B ltac:(lia) ltac:(lia) ltac:(lia)) as [B1 B2]. apply IZR_le in B1, B2. rewrite !mult_IZR in B1, B2.
    rewrite (multiples_nth _ _ _ H2) in B1. rewrite (multiples_nth _ _ _ H3) in B2.
    assert (P : 0 < IZR d0 * IZR d) by (apply Rmult_lt_0_compat; auto).
    assert (E : over x d j * (IZR d0 * IZR d) = IZR (nth j x 0%Z) * IZR d0) by (unfold over; field; lra).
    split; apply Rmult_le_reg_r with (IZR d0 * IZR d); auto; lra.
  - apply Z.leb_le, IZR_le in H. rewrite !mult_IZR in H. rewrite (squares_value center) in H by assumption.
    apply (bound_from_squares _ _ (IZR d * IZR d * (IZR d0 * IZR d0)) (IZR d * IZR d0)).
    + apply Rmult_lt_0_compat; apply Rmult_lt_0_compat; auto.
    + lra.
    + ring.
  - apply andb_prop in H as [N H]. split; [intros j _; apply over_nonnegative; auto|].
    apply Z.leb_le, IZR_le in H. rewrite !mult_IZR in H.
    assert (MZ : multiples 1 (zeros n) (repeat 0%Q n)).
    { clear. induction n; constructor; [|exact IHn]. rewrite Q2R_zero. ring. }
    rewrite (squares_value (repeat 0%Q n)) in H by (auto; lra).
    apply (bound_from_squares _ _ (IZR d * IZR d) (IZR d)).
    + apply Rmult_lt_0_compat; auto.
    + lra.
    + ring.
  - intros f F. destruct (Forall2_in_left _ _ _ _ _ H0 f F) as (r & R & _ & P & V).
    rewrite forallb_forall in H. specialize (H r R). apply Z.leb_le, IZR_le in H.
    rewrite inner_product_value, V in H by exact D.
    apply Rmult_le_reg_l with (IZR d * IZR (denominator r)); [apply Rmult_lt_0_compat; auto|]. lra.
Qed.

(** Where two points over d and e are the same, their multiples are. *)
Lemma equal_multiples : forall n x y d e, length x = n -> length y = n -> 0 < IZR d -> 0 < IZR e ->
  same n (over x d) (over y e) -> equal_lists (map (fun a => e * a)%Z x) (map (fun b => d * b)%Z y) = true.
Proof.
  intros n x y d e X Y D E S. apply (equal_lists_spec _ _ n).
  - rewrite map_length. exact X.
  - rewrite map_length. exact Y.
  - intros j J. specialize (S j J). unfold over in S. apply eq_IZR.
    rewrite (nth_indep _ 0%Z (e * 0)%Z), (nth_indep (map (fun b => (d * b)%Z) y) 0%Z (d * 0)%Z) by (rewrite map_length; lia).
    rewrite (map_nth (fun a => (e * a)%Z)), (map_nth (fun b => (d * b)%Z)), !mult_IZR.
    replace (IZR (nth j x 0%Z)) with (IZR d * (IZR (nth j x 0%Z) / IZR d)) by (field; lra).
    rewrite S. field. lra.
Qed.

Theorem check_collision_sound : forall n K IK layer rows x y,
  domain_made n K IK -> Forall2 (made_from n) layer rows ->
  check_collision n IK rows x y = Good tt -> collides n K layer.
Proof.
  intros n K IK layer rows x y M R H. unfold check_collision in H.
  destruct (over_one_denominator x) as [[zx d]|] eqn:X; [|discriminate].
  destruct (over_one_denominator y) as [[zy e]|] eqn:Y; [|discriminate].
  destruct (has_length n zx && has_length n zy)%bool eqn:L; [|discriminate].
  apply andb_prop in L as [LX LY]. apply has_length_spec in LX, LY.
  apply over_one_denominator_spec in X as [_ D], Y as [_ E].
  unfold check_points in H.
  destruct (equal_lists (map (fun a => e * a)%Z zx) (map (fun b => d * b)%Z zy)) eqn:Q; [discriminate|].
  destruct (contains n IK zx d) eqn:CX; [|discriminate]. destruct (contains n IK zy e) eqn:CY; [|discriminate].
  destruct (different_output rows zx d zy e) eqn:O; [discriminate|].
  exists (over zx d), (over zy e). split; [|split; [|split]].
  - apply (contains_sound n K IK); auto.
  - apply (contains_sound n K IK); auto.
  - apply (proj2 (outputs_agree n layer rows _ _ R)). intros r I. apply (different_output_spec rows zx d zy e D E O r I).
  - intro S. rewrite (equal_multiples n zx zy d e) in Q; auto. discriminate.
Qed.
