(** The rows (w_i, b_i) of a layer as integers, each scaled once by its own positive denominator. *)

From Coq Require Import List ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Integers.
Import ListNotations.
Open Scope Z_scope.

(** Any number will do; with this one, products of two remainders and sums of some of them stay short. *)
Definition modulus : Z := 268435399.

Lemma modulus_positive : 0 < modulus.
Proof. reflexivity. Qed.

Global Opaque modulus.

Definition remainders_of (w : list Z) : list Z := map (fun a => a mod modulus) w.

(** [weights] and [constant] are (w_i, b_i) times [denominator]; [number] is i. [remainders] are those of the weights. *)
Record integer_row := IntegerRow { number : Z; weights : list Z; constant : Z; denominator : Z; remainders : list Z }.

Definition common_denominator (qs : list Q) : Z := fold_left (fun d q => Z.lcm d (Zpos (Qden q))) qs 1.

(** The rationals times d, if these are integers. *)
Fixpoint scaled (d : Z) (qs : list Q) : option (list Z) :=
  match qs with
  | [] => Some []
  | q :: qs' =>
      let z := Qnum q * Z.quot d (Zpos (Qden q)) in
      if z * Zpos (Qden q) =? Qnum q * d then
        match scaled d qs' with Some rest => Some (z :: rest) | None => None end
      else None
  end.

(** Integers over one positive denominator. *)
Definition over_one_denominator (qs : list Q) : option (list Z * Z) :=
  let d := common_denominator qs in
  if 0 <? d then match scaled d qs with Some zs => Some (zs, d) | None => None end else None.

Fixpoint has_length {A : Type} (n : nat) (l : list A) : bool :=
  match n, l with
  | O, [] => true
  | S n', _ :: l' => has_length n' l'
  | _, _ => false
  end.

Definition integer_row_of (n : nat) (i : Z) (r : row) : option integer_row :=
  if has_length n (normal r) then
    match over_one_denominator (bias r :: normal r) with
    | Some (b :: w, d) => Some (IntegerRow i w b d (remainders_of w))
    | _ => None
    end
  else None.

Fixpoint integer_rows (n : nat) (i : Z) (layer : list row) : option (list integer_row) :=
  match layer with
  | [] => Some []
  | r :: layer' =>
      match integer_row_of n i r, integer_rows n (i + 1) layer' with
      | Some z, Some rest => Some (z :: rest)
      | _, _ => None
      end
  end.

Open Scope R_scope.

Definition value (r : integer_row) (x : point) : R := idot (weights r) x + IZR (constant r).

Lemma has_length_spec : forall A n (l : list A), has_length n l = true -> length l = n.
Proof. induction n; destruct l; simpl; intros H; try discriminate; auto. Qed.

Definition multiples (d : Z) (zs : list Z) (qs : list Q) : Prop := Forall2 (fun z q => IZR z = IZR d * Q2R q) zs qs.

Lemma scaled_multiples : forall d qs zs, scaled d qs = Some zs -> multiples d zs qs.
Proof.
  induction qs as [|q qs IH]; intros zs H; cbn [scaled] in H.
  - injection H as <-. constructor.
  - set (z := (Qnum q * (d ÷ Z.pos (Qden q)))%Z) in H.
    destruct (z * Z.pos (Qden q) =? Qnum q * d)%Z eqn:E; [|discriminate].
    destruct (scaled d qs) as [rest|]; [|discriminate]. injection H as <-.
    constructor; [|apply IH; reflexivity].
    apply Z.eqb_eq, (f_equal IZR) in E. rewrite !mult_IZR in E. unfold Q2R.
    assert (P : IZR (Z.pos (Qden q)) <> 0) by (apply not_0_IZR; discriminate).
    apply Rmult_eq_reg_r with (IZR (Z.pos (Qden q))); [|exact P]. rewrite E. field. exact P.
Qed.

Lemma over_one_denominator_spec : forall qs zs d,
  over_one_denominator qs = Some (zs, d) -> multiples d zs qs /\ 0 < IZR d.
Proof.
  intros qs zs d H. unfold over_one_denominator in H.
  destruct (0 <? common_denominator qs)%Z eqn:P; [|discriminate].
  destruct (scaled (common_denominator qs) qs) as [l|] eqn:S; [|discriminate].
  injection H as <- <-. split; [apply scaled_multiples, S|]. apply IZR_lt, Z.ltb_lt, P.
Qed.

Lemma multiples_dot : forall d zs qs, multiples d zs qs -> forall x, idot zs x = IZR d * dot qs x.
Proof.
  induction 1 as [|z q zs qs E _ IH]; intro x; simpl; [ring|]. rewrite IH, E. ring.
Qed.

Lemma multiples_nth : forall d zs qs, multiples d zs qs -> forall j, IZR (nth j zs 0%Z) = IZR d * Q2R (nth j qs 0%Q).
Proof.
  assert (Z0 : Q2R 0 = 0) by (unfold Q2R; simpl; lra).
  induction 1 as [|z q zs qs E _ IH]; intros [|j]; simpl; try rewrite Z0; try ring; auto.
Qed.

Lemma multiples_length : forall d zs qs, multiples d zs qs -> length zs = length qs.
Proof. induction 1; simpl; congruence. Qed.

Lemma Forall2_in_left : forall A B (P : A -> B -> Prop) l k, Forall2 P l k ->
  forall a, In a l -> exists b, In b k /\ P a b.
Proof.
  induction 1 as [|a b l k H _ IH]; intros c C; [destruct C|].
  destruct C as [<-|C]; [exists b; split; [left; reflexivity|exact H]|].
  destruct (IH c C) as (d & D & E). exists d. split; [right; exact D|exact E].
Qed.

Lemma Forall2_in_right : forall A B (P : A -> B -> Prop) l k, Forall2 P l k ->
  forall b, In b k -> exists a, In a l /\ P a b.
Proof.
  induction 1 as [|a b l k H _ IH]; intros c C; [destruct C|].
  destruct C as [<-|C]; [exists a; split; [left; reflexivity|exact H]|].
  destruct (IH c C) as (d & D & E). exists d. split; [right; exact D|exact E].
Qed.

(** What a row in integers says about the row it is made from. *)
Definition made_from (n : nat) (r : row) (z : integer_row) : Prop :=
  (length (weights z) = n /\ remainders z = remainders_of (weights z)) /\ 0 < IZR (denominator z) /\ forall x, value z x = IZR (denominator z) * affine r x.

Lemma integer_row_of_spec : forall n i r z, integer_row_of n i r = Some z -> made_from n r z.
Proof.
  intros n i r z H. unfold integer_row_of in H.
  destruct (has_length n (normal r)) eqn:L; [|discriminate]. apply has_length_spec in L.
  destruct (over_one_denominator (bias r :: normal r)) as [[[|b w] d]|] eqn:O; try discriminate.
  injection H as <-. apply over_one_denominator_spec in O as [M P].
  inversion M as [|? ? ? ? EB MW]; subst. split; [|split]; simpl.
  - split; [apply (multiples_length _ _ _ MW)|reflexivity].
  - exact P.
  - intro x. unfold value, affine. simpl. rewrite (multiples_dot _ _ _ MW), EB. ring.
Qed.

Lemma integer_rows_spec : forall n layer i zs, integer_rows n i layer = Some zs -> Forall2 (made_from n) layer zs.
Proof.
  induction layer as [|r layer IH]; intros i zs H; cbn [integer_rows] in H.
  - injection H as <-. constructor.
  - destruct (integer_row_of n i r) as [z|] eqn:Z1; [|discriminate].
    destruct (integer_rows n (i + 1) layer) as [rest|] eqn:R; [|discriminate]. injection H as <-.
    constructor; [apply (integer_row_of_spec _ _ _ _ Z1)|apply (IH _ _ R)].
Qed.

Lemma relu_times : forall d t, 0 <= d -> relu (d * t) = d * relu t.
Proof. intros d t H. unfold relu. rewrite <- RmaxRmult by exact H. rewrite Rmult_0_r. reflexivity. Qed.

(** Equal outputs, row by row, in the scaled numbers. *)
Lemma outputs_agree : forall n layer zs x y,
  Forall2 (made_from n) layer zs ->
  (output layer x = output layer y <-> forall z, In z zs -> relu (value z x) = relu (value z y)).
Proof.
  intros n layer zs x y H. induction H as [|r z layer zs (L & P & V) _ IH].
  - simpl. split; [intros _ z []|reflexivity].
  - assert (E : relu (affine r x) = relu (affine r y) <-> relu (value z x) = relu (value z y)).
    { rewrite !V, !relu_times by lra.
      split; intro A; [rewrite A; reflexivity|]. apply Rmult_eq_reg_l with (IZR (denominator z)); lra. }
    change (output (r :: layer) x) with (relu (affine r x) :: output layer x).
    change (output (r :: layer) y) with (relu (affine r y) :: output layer y).
    split.
    + intros A. injection A as A1 A2. intros z' [<-|I]; [apply E, A1|]. apply IH; assumption.
    + intros A. f_equal; [apply E, A; left; reflexivity|]. apply IH. intros z' I. apply A. right. exact I.
Qed.
