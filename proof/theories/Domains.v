(** Section "Domains" of the specification: when an affine function is at least 0 on a domain; convexity; points inside. *)

From Coq Require Import List ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Integers Rows.
Import ListNotations.
Open Scope Z_scope.

(** A domain with its numbers as integers over one positive denominator. *)
Inductive integer_domain :=
  | ISpace
  | IOrthant
  | IBox (lower upper : list Z) (denominator : Z)
  | IBall (center : list Z) (denominator : Z) (radius : Q)
  | INonnegativeBall (radius : Q)
  | IPolytope (functions : list integer_row).

Fixpoint all_less (lower upper : list Z) : bool :=
  match lower, upper with
  | l :: lower', u :: upper' => (l <? u) && all_less lower' upper'
  | _, _ => true
  end.

(** The first n numbers of a list, and the others. *)
Fixpoint divide_at {A : Type} (n : nat) (l : list A) : list A * list A :=
  match n, l with
  | S n', a :: l' => let (first, rest) := divide_at n' l' in (a :: first, rest)
  | _, _ => ([], l)
  end.

(** Every d_j(x) has the sign that is asked for, for x given as integers over a positive denominator. *)
Definition inner_product (r : integer_row) (x : list Z) (d : Z) : Z := product (weights r) x + constant r * d.

(** The domain in integers, if it is one with interior points and fits n. The sphere is not. *)
Definition integer_domain_of (n : nat) (K : domain) : option integer_domain :=
  match K with
  | Space => Some ISpace
  | Orthant => Some IOrthant
  | Box lower upper =>
      if has_length n lower && has_length n upper then
        match over_one_denominator (lower ++ upper) with
        | Some (zs, d) =>
            let (l, u) := divide_at n zs in if all_less l u then Some (IBox l u d) else None
        | None => None
        end
      else None
  | Ball center radius =>
      if has_length n center && (0 <? Qnum radius) then
        match over_one_denominator center with Some (zs, d) => Some (IBall zs d radius) | None => None end
      else None
  | NonnegativeBall radius => if 0 <? Qnum radius then Some (INonnegativeBall radius) else None
  | Polytope functions interior =>
      match integer_rows n 0 functions, over_one_denominator interior with
      | Some rows, Some (x, d) => if forallb (fun r => inner_product r x d <? 0) rows then Some (IPolytope rows) else None
      | _, _ => None
      end
  | Sphere _ => None
  end.

Definition negative_part (g : list Z) : list Z := map (Z.min 0) g.

Fixpoint lowest (g l u : list Z) : Z :=
  match g, l, u with
  | a :: g', b :: l', c :: u' => Z.min (a * b) (a * c) + lowest g' l' u'
  | _, _, _ => 0
  end.

(** Whether <g, x> + beta >= 0 on the domain. On a polytope the multiples of its functions are already in g and beta. *)
Definition nonnegative (K : integer_domain) (g : list Z) (beta : Z) : bool :=
  match K with
  | ISpace | IPolytope _ => forallb (fun a => a =? 0) g && (0 <=? beta)
  | IOrthant => forallb (fun a => 0 <=? a) g && (0 <=? beta)
  | IBox l u d => 0 <=? beta * d + lowest g l u
  | IBall c d r =>
      let t := beta * d + product g c in
      let top := Qnum r * d in
      let t' := t * Zpos (Qden r) in
      (0 <=? t) && (top * top * product g g <=? t' * t')
  | INonnegativeBall r =>
      let t := beta * Zpos (Qden r) in
      let h := negative_part g in
      (0 <=? beta) && (Qnum r * Qnum r * product h h <=? t * t)
  end.

(** The functions besides the rows that a combination may name. *)
Definition halfspaces (K : integer_domain) : list integer_row :=
  match K with IPolytope functions => functions | _ => [] end.

Open Scope R_scope.

(** What the two kinds of domain have to do with each other. *)
Inductive domain_made (n : nat) : domain -> integer_domain -> Prop :=
  | MadeSpace : domain_made n Space ISpace
  | MadeOrthant : domain_made n Orthant IOrthant
  | MadeBox : forall lower upper l u d,
      length lower = n -> length upper = n -> multiples d l lower -> multiples d u upper -> 0 < IZR d ->
      all_less l u = true -> domain_made n (Box lower upper) (IBox l u d)
  | MadeBall : forall center c d radius,
      length center = n -> multiples d c center -> 0 < IZR d -> 0 < Q2R radius ->
      domain_made n (Ball center radius) (IBall c d radius)
  | MadeNonnegativeBall : forall radius, 0 < Q2R radius ->
      domain_made n (NonnegativeBall radius) (INonnegativeBall radius)
  | MadePolytope : forall functions interior rows x d,
      Forall2 (made_from n) functions rows -> multiples d x interior -> 0 < IZR d ->
      forallb (fun r => inner_product r x d <? 0)%Z rows = true ->
      domain_made n (Polytope functions interior) (IPolytope rows).

Lemma divide_at_app : forall A (a b : list A), divide_at (length a) (a ++ b) = (a, b).
Proof. induction a as [|h a IH]; intro b; [destruct b; reflexivity|]. cbn. rewrite IH. reflexivity. Qed.

Lemma multiples_app : forall d zs a b, multiples d zs (a ++ b) ->
  exists za zb, zs = za ++ zb /\ multiples d za a /\ multiples d zb b.
Proof.
  intros d zs a b H. apply Forall2_app_inv_r in H as (za & zb & A & B & ->). exists za, zb. auto.
Qed.

Lemma positive_radius : forall r, (0 <? Qnum r)%Z = true -> 0 < Q2R r.
Proof.
  intros r H. apply Z.ltb_lt, IZR_lt in H. unfold Q2R.
  apply Rmult_lt_0_compat; [exact H|]. apply Rinv_0_lt_compat. apply (IZR_lt 0). reflexivity.
Qed.

Lemma integer_domain_of_spec : forall n K Z, integer_domain_of n K = Some Z -> domain_made n K Z.
Proof.
  intros n K Z H. destruct K as [| |lower upper|center radius|radius|functions interior|radius]; cbn [integer_domain_of] in H.
  - injection H as <-. constructor.
  - injection H as <-. constructor.
  - destruct (has_length n lower && has_length n upper)%bool eqn:L; [|discriminate].
    apply andb_prop in L as [L U]. apply has_length_spec in L, U.
    destruct (over_one_denominator (lower ++ upper)) as [[zs d]|] eqn:O; [|discriminate].
    apply over_one_denominator_spec in O as [M P]. apply multiples_app in M as (l & u & -> & ML & MU).
    rewrite <- L, <- (multiples_length _ _ _ ML), divide_at_app in H.
    destruct (all_less l u) eqn:A; [|discriminate]. injection H as <-. constructor; assumption.
  - destruct (has_length n center && (0 <? Qnum radius)%Z)%bool eqn:L; [|discriminate].
    apply andb_prop in L as [L R]. apply has_length_spec in L. apply positive_radius in R.
    destruct (over_one_denominator center) as [[zs d]|] eqn:O; [|discriminate].
    apply over_one_denominator_spec in O as [M P]. injection H as <-. constructor; assumption.
  - destruct (0 <? Qnum radius)%Z eqn:R; [|discriminate]. injection H as <-. constructor. apply positive_radius, R.
  - destruct (integer_rows n 0 functions) as [rows|] eqn:I; [|discriminate].
    destruct (over_one_denominator interior) as [[x d]|] eqn:O; [|discriminate].
    destruct (forallb (fun r => inner_product r x d <? 0)%Z rows) eqn:F; [|discriminate].
    apply over_one_denominator_spec in O as [M P]. injection H as <-.
    econstructor; try eassumption. apply (integer_rows_spec _ _ _ _ I).
  - discriminate.
Qed.

(** * The test *)

Lemma zeros_idot : forall g x, forallb (fun a => a =? 0)%Z g = true -> idot g x = 0.
Proof.
  induction g as [|a g IH]; intros x H; simpl in *; [reflexivity|].
  apply andb_prop in H as [A H]. apply Z.eqb_eq in A. subst a. rewrite IH by exact H. ring.
Qed.

Lemma nonnegative_idot : forall g x, forallb (fun a => 0 <=? a)%Z g = true ->
  (forall j, (j < length g)%nat -> 0 <= x j) -> 0 <= idot g x.
Proof.
  induction g as [|a g IH]; intros x H X; simpl in *; [lra|].
  apply andb_prop in H as [A H]. apply Z.leb_le, IZR_le in A.
  assert (0 <= x 0%nat) by (apply X; lia).
  assert (0 <= idot g (fun j => x (S j))) by (apply IH; [exact H|]; intros j J; apply X; lia). nra.
Qed.

Lemma lowest_idot : forall d lower upper l u, multiples d l lower -> multiples d u upper -> length lower = length upper ->
  0 < IZR d -> forall g x, (length g <= length lower)%nat ->
  (forall j, (j < length lower)%nat -> Q2R (nth j lower 0%Q) <= x j <= Q2R (nth j upper 0%Q)) ->
  IZR (lowest g l u) <= IZR d * idot g x.
Proof.
  intros d lower upper l u ML. revert upper u.
  induction ML as [|b q l lower B _ IH]; intros upper u MU L P g x G X.
  - destruct g; [simpl; lra|simpl in G; lia].
  - destruct MU as [|c r u upper C MU]; [discriminate L|]. injection L as L.
    destruct g as [|a g]; [simpl; lra|]. cbn [lowest idot length] in *.
    specialize (IH upper u MU L P g (fun j => x (S j)) ltac:(lia)).
    assert (X' : forall j, (j < length lower)%nat ->
      Q2R (nth j lower 0%Q) <= x (S j) <= Q2R (nth j upper 0%Q)) by (intros j J; apply (X (S j)); lia).
    specialize (IH X'). specialize (X 0%nat ltac:(lia)). cbn [nth] in X.
    rewrite plus_IZR.
    assert (IZR (Z.min (a * b) (a * c)) <= IZR d * (IZR a * x 0%nat)); [|lra].
    assert (IZR b <= IZR d * x 0%nat <= IZR c) by (rewrite B, C; nra).
    destruct (Z.le_ge_cases 0 a) as [A|A].
    + apply Rle_trans with (IZR (a * b)); [apply IZR_le, Z.le_min_l|]. rewrite mult_IZR.
      apply IZR_le in A. nra.
    + apply Rle_trans with (IZR (a * c)); [apply IZR_le, Z.le_min_r|]. rewrite mult_IZR.
      apply IZR_le in A. nra.
Qed.

Lemma square_distance_nonnegative : forall c x, 0 <= square_distance c x.
Proof.
  induction c as [|a c IH]; intro x; simpl; [lra|].
  apply Rplus_le_le_0_compat; [apply Rle_0_sqr|apply IH].
Qed.

Lemma product_self : forall g, (0 <= product g g)%Z.
Proof. induction g as [|a g IH]; simpl; [lia|]. nia. Qed.

Lemma cauchy_step : forall p q s G Y, 0 <= G -> 0 <= Y -> s * s <= G * Y ->
  (p * q + s) * (p * q + s) <= (p * p + G) * (q * q + Y).
Proof.
  intros p q s G Y HG HY H.
  assert (A : 0 <= p * p * Y + G * (q * q)) by nra.
  assert (B : (2 * (p * q * s)) * (2 * (p * q * s)) <= (p * p * Y + G * (q * q)) * (p * p * Y + G * (q * q))).
  { assert (p * p * (q * q) * (s * s) <= p * p * (q * q) * (G * Y)).
    { apply Rmult_le_compat_l; [nra|exact H]. }
    assert (0 <= (p * p * Y - G * (q * q)) * (p * p * Y - G * (q * q))) by apply Rle_0_sqr. lra. }
  assert (C : 2 * (p * q * s) <= p * p * Y + G * (q * q)).
  { destruct (Rle_or_lt (2 * (p * q * s)) (p * p * Y + G * (q * q))) as [L|L]; [exact L|].
    assert (D := Rmult_le_0_lt_compat _ _ _ _ A A L L). lra. }
  nra.
Qed.

(** Cauchy and Schwarz. *)
Lemma cauchy_schwarz : forall g c x, (length g <= length c)%nat ->
  let s := idot g (fun j => x j - Q2R (nth j c 0%Q)) in
  s * s <= IZR (product g g) * square_distance c x.
Proof.
  induction g as [|a g IH]; intros c x L; cbn zeta.
  - simpl. lra.
  - destruct c as [|q c]; [simpl in L; lia|]. cbn [idot product square_distance nth].
    rewrite plus_IZR, mult_IZR. apply cauchy_step.
    + apply (IZR_le 0), product_self.
    + apply square_distance_nonnegative.
    + apply (IH c (fun j => x (S j))). simpl in L. lia.
Qed.

Lemma from_squares : forall A B, 0 <= A -> B * B <= A * A -> 0 <= A + B.
Proof.
  intros A B HA H. destruct (Rle_or_lt 0 (A + B)) as [L|L]; [exact L|].
  assert (A < - B) by lra. assert (D := Rmult_le_0_lt_compat _ _ _ _ HA HA H0 H0). lra.
Qed.

Lemma idot_minus : forall g x y, idot g (fun j => x j - y j) = idot g x - idot g y.
Proof.
  intros g x y. replace (idot g x - idot g y) with (idot g x + (-1) * idot g y) by ring.
  rewrite <- idot_times, <- idot_plus. apply idot_ext. intros j _. unfold plus, times. ring.
Qed.

Lemma idot_nth : forall g c, idot g (fun j => IZR (nth j c 0%Z)) = IZR (product g c).
Proof.
  induction g as [|a g IH]; intros [|b c]; simpl; try reflexivity.
  - rewrite (idot_ext g _ (times 0 zero_point)).
    + rewrite idot_times. ring.
    + intros i _. unfold times, zero_point. destruct i; ring.
  - rewrite plus_IZR, mult_IZR, IH. reflexivity.
Qed.

Lemma radius_square : forall r, Q2R r * IZR (Z.pos (Qden r)) = IZR (Qnum r).
Proof. intro r. unfold Q2R. field. apply not_0_IZR. discriminate. Qed.

Lemma Q2R_zero : Q2R 0 = 0.
Proof. unfold Q2R. simpl. lra. Qed.

Lemma nth_repeat_zero : forall n j, nth j (repeat 0%Q n) 0%Q = 0%Q.
Proof. induction n; destruct j; simpl; auto. Qed.

Lemma negative_part_idot : forall g x, (forall j, (j < length g)%nat -> 0 <= x j) ->
  idot (negative_part g) x <= idot g x.
Proof.
  induction g as [|a g IH]; intros x X; simpl in *; [lra|].
  assert (0 <= x 0%nat) by (apply X; lia).
  assert (IZR (Z.min 0 a) <= IZR a) by (apply IZR_le, Z.le_min_r).
  specialize (IH (fun j => x (S j)) ltac:(intros j J; apply X; lia)). nra.
Qed.

Theorem nonnegative_sound : forall n K Z g beta x,
  domain_made n K Z -> nonnegative Z g beta = true -> (length g <= n)%nat -> inside n K x ->
  0 <= idot g x + IZR beta.
Proof.
  intros n K Z g beta x M H L X. destruct M; cbn [nonnegative inside] in H, X.
  - apply andb_prop in H as [A B]. apply Z.leb_le, IZR_le in B. rewrite zeros_idot by exact A. lra.
  - apply andb_prop in H as [A B]. apply Z.leb_le, IZR_le in B.
    assert (0 <= idot g x); [|lra]. apply nonnegative_idot; [exact A|]. intros j J. apply X. lia.
  - apply Z.leb_le, IZR_le in H. rewrite plus_IZR, mult_IZR in H.
    assert (E : IZR (lowest g l u) <= IZR d * idot g x).
    { apply (lowest_idot d lower upper); try assumption; try congruence; try lia.
      intros j J. apply X. lia. }
    assert (0 <= IZR d * (idot g x + IZR beta)) by lra. nra.
  - apply andb_prop in H as [A B]. apply Z.leb_le, IZR_le in A, B.
    rewrite !mult_IZR, !plus_IZR, !mult_IZR in B. rewrite plus_IZR, mult_IZR in A.
    assert (CS := cauchy_schwarz g center x ltac:(lia)). cbn zeta in CS.
    rewrite idot_minus in CS.
    assert (EC : IZR d * idot g (fun j => Q2R (nth j center 0%Q)) = IZR (product g c)).
    { rewrite <- idot_nth, <- idot_times. apply idot_ext. intros j _. unfold times.
      symmetry. apply (multiples_nth _ _ _ H1). }
    set (S := idot g x - idot g (fun j => Q2R (nth j center 0%Q))) in *.
    set (t := IZR beta * IZR d + IZR (product g c)) in *.
    assert (ER := radius_square radius). set (rd := IZR (Z.pos (Qden radius))) in *.
    assert (RD : 0 < rd) by (apply (IZR_lt 0); reflexivity).
    assert (GG : 0 <= IZR (product g g)) by (apply (IZR_le 0), product_self).
    assert (B' : Q2R radius * Q2R radius * (IZR d * IZR d) * IZR (product g g) <= t * t).
    { rewrite <- ER in B. apply Rmult_le_reg_l with (rd * rd); [nra|]. lra. }
    assert (F : 0 <= t + IZR d * S).
    { apply from_squares; [exact A|]. apply Rle_trans with (IZR d * IZR d * (IZR (product g g) * square_distance center x)).
      - replace (IZR d * S * (IZR d * S)) with (IZR d * IZR d * (S * S)) by ring.
        apply Rmult_le_compat_l; [nra|exact CS].
      - apply Rle_trans with (IZR d * IZR d * (IZR (product g g) * (Q2R radius * Q2R radius))); [|lra].
        apply Rmult_le_compat_l; [nra|]. apply Rmult_le_compat_l; assumption. }
    assert (E : t + IZR d * S = IZR d * (idot g x + IZR beta)) by (unfold t, S; rewrite <- EC; ring).
    rewrite E in F. nra.
  - apply andb_prop in H as [A B]. apply Z.leb_le, IZR_le in A, B.
    rewrite !mult_IZR in B. destruct X as [X Y].
    assert (CS := cauchy_schwarz (negative_part g) (repeat 0%Q n) x).
    unfold negative_part in CS at 1. rewrite map_length, repeat_length in CS. specialize (CS L). cbn zeta in CS.
    rewrite (idot_ext _ (fun j => x j - Q2R (nth j (repeat 0%Q n) 0%Q)) x) in CS
      by (intros j _; rewrite nth_repeat_zero, Q2R_zero; ring).
    set (h := negative_part g) in *.
    assert (N : idot h x <= idot g x) by (apply negative_part_idot; intros j J; apply X; lia).
    assert (ER := radius_square radius). set (rd := IZR (Z.pos (Qden radius))) in *.
    assert (RD : 0 < rd) by (apply (IZR_lt 0); reflexivity).
    assert (GG : 0 <= IZR (product h h)) by (apply (IZR_le 0), product_self).
    assert (B' : Q2R radius * Q2R radius * IZR (product h h) <= IZR beta * IZR beta).
    { rewrite <- ER in B. apply Rmult_le_reg_l with (rd * rd); [nra|]. lra. }
    assert (F : 0 <= IZR beta + idot h x).
    { apply from_squares; [exact A|]. apply Rle_trans with (IZR (product h h) * (Q2R radius * Q2R radius)); [|lra].
      eapply Rle_trans; [exact CS|]. apply Rmult_le_compat_l; assumption. }
    lra.
  - apply andb_prop in H as [A B]. apply Z.leb_le, IZR_le in B. rewrite zeros_idot by exact A. lra.
Qed.
