(** The basis of a node in two forms: modulo a number, which is quick and can show that something is not 0, and exact,
    which is computed where that is not enough.

    The remainders belong to some basis of integers, which is never computed. A row whose product with one of its vectors
    is not 0 modulo a number is not orthogonal to that vector; so a pivot that is not 0 modulo a number is a pivot. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Elimination.
Import ListNotations.
Open Scope Z_scope.

Record basis := Basis { residual : list (list Z); exact : delayed (list (list Z) * Z) }.

Definition remainder_product (w u : list Z) : Z := product w u mod modulus.

(** (a u + b x) modulo the number. *)
Fixpoint remainder_sum (a b : Z) (u x : list Z) : list Z :=
  match u, x with
  | c :: u', d :: x' => (a * c + b * d) mod modulus :: remainder_sum a b u' x'
  | [], _ => map (fun d => b * d mod modulus) x
  | _, [] => map (fun c => a * c mod modulus) u
  end.

(** A vector with a product that is not 0, this product, and the other vectors. *)
Fixpoint pivot_of (w : list Z) (U : list (list Z)) : option (Z * list Z * list (list Z)) :=
  match U with
  | [] => None
  | u :: U' =>
      let q := remainder_product w u in
      if q =? 0 then
        match pivot_of w U' with
        | Some (q', pivot, others) => Some (q', pivot, u :: others)
        | None => None
        end
      else Some (q, u, U')
  end.

Definition reduced (w : list Z) (U : list (list Z)) : option (list (list Z)) :=
  match pivot_of w U with
  | Some (q, pivot, others) =>
      Some (map (fun x => remainder_sum q (modulus - remainder_product w x) x pivot) others)
  | None => None
  end.

(** Whether the remainders show that a row is not orthogonal to the basis. *)
Definition shown (U : list (list Z)) (r : integer_row) : bool :=
  existsb (fun u => negb (remainder_product (remainders r) u =? 0)) U.

Definition exact_with (E : list (list Z) * Z) (r : integer_row) : list (list Z) * Z :=
  match annihilator (fst E) (snd E) (weights r) with Some next => next | None => E end.

(** The basis for one more row; None if the row is orthogonal to it. *)
Definition basis_with (B : basis) (r : integer_row) : option basis :=
  match reduced (remainders r) (residual B) with
  | Some U => Some (Basis U (Delay (fun _ => exact_with (force (exact B)) r)))
  | None =>
      match annihilator (fst (force (exact B))) (snd (force (exact B))) (weights r) with
      | Some next => Some (Basis (map remainders_of (fst next)) (Delay (fun _ => next)))
      | None => None
      end
  end.

Definition whole_basis (n : nat) : basis := Basis (unit_vectors n) (Delay (fun _ => (unit_vectors n, 1))).

(** * Remainders *)

Definition congruent (a b : Z) : Prop := exists t, a = b + t * modulus.
Definition congruent_lists : list Z -> list Z -> Prop := Forall2 congruent.

Lemma congruent_self : forall a, congruent a a.
Proof. intro a. exists 0. lia. Qed.

Lemma congruent_mod : forall a b, congruent a b -> congruent (a mod modulus) b.
Proof.
  intros a b (t & E). exists (t - a / modulus). assert (P := modulus_positive). assert (D := Z.div_mod a modulus ltac:(lia)). lia.
Qed.

Lemma congruent_lists_self : forall y, congruent_lists y y.
Proof. induction y; constructor; [apply congruent_self|exact IHy]. Qed.

Lemma remainders_congruent : forall y, congruent_lists (remainders_of y) y.
Proof. induction y; constructor; [apply congruent_mod, congruent_self|exact IHy]. Qed.

Lemma product_congruent : forall u w, congruent_lists u w -> forall x y, congruent_lists x y ->
  congruent (product u x) (product w y).
Proof.
  induction 1 as [|a b u w (s & A) _ IH]; intros x y H; [exists 0; reflexivity|].
  destruct H as [|c d x y (t & C) H]; [exists 0; reflexivity|]. destruct (IH x y H) as (r & E). cbn [product].
  exists (b * t + s * d + s * t * modulus + r). rewrite E, A, C. ring.
Qed.

Lemma remainder_sum_congruent : forall a p b q u y x z, congruent a p -> congruent b (- q) ->
  congruent_lists u y -> congruent_lists x z -> congruent_lists (remainder_sum a b u x) (combined p y q z).
Proof.
  intros a p b q u y x z (s & A) (t & B) HU. revert x z.
  assert (S : forall d e, congruent d e -> congruent (b * d mod modulus) (- (q * e))).
  { intros d e (k & D). apply congruent_mod. exists (- q * k + t * e + t * k * modulus). rewrite B, D. ring. }
  assert (T : forall d e, congruent d e -> congruent (a * d mod modulus) (p * e)).
  { intros d e (k & D). apply congruent_mod. exists (p * k + s * e + s * k * modulus). rewrite A, D. ring. }
  induction HU as [|c e u y CE HU IH]; intros x z HX.
  - assert (M : congruent_lists (map (fun d => b * d mod modulus) x) (map (fun e => - (q * e)) z)).
    { induction HX; constructor; auto. }
    destruct HX; exact M.
  - destruct HX as [|d f x z DF HX].
    + constructor; [apply T, CE|]. clear IH CE. induction HU; constructor; auto.
    + constructor; [|apply IH, HX]. destruct CE as (k & C), DF as (l & D). apply congruent_mod.
      exists (p * k + s * e + s * k * modulus - q * l + t * f + t * l * modulus). rewrite A, B, C, D. ring.
Qed.

Lemma not_zero_modulo : forall a b, congruent a b -> a mod modulus <> 0 -> b <> 0.
Proof. intros a b (t & E) N ->. apply N. rewrite E. cbn [Z.add]. apply Z.mod_mul. assert (P := modulus_positive). lia. Qed.

Open Scope R_scope.

(** * Bases *)

(** Every combination of Y is one of Y'. *)
Definition respans (Y Y' : list (list Z)) : Prop :=
  forall c : point, exists c' : point, forall w, idot (products w Y') c' = idot (products w Y) c.

Lemma respans_cons : forall y0 Y y rest, respans Y (y :: rest) -> respans (y0 :: Y) (y :: y0 :: rest).
Proof.
  intros y0 Y y rest H c. destruct (H (fun j => c (S j))) as (c' & E).
  exists (cons (c' 0%nat) (cons (c 0%nat) (fun j => c' (S j)))). intro w. specialize (E w).
  cbn [products map idot] in *. fold (products w rest) (products w Y) in *. cbn [cons].
  change (fun j => cons (c' 0%nat) (cons (c 0%nat) (fun i => c' (S i))) (S (S j))) with (fun j => c' (S j)). lra.
Qed.

Lemma pivot_of_spec : forall w U q u others, pivot_of w U = Some (q, u, others) ->
  q = remainder_product w u /\ q <> 0%Z /\
  forall Y, Forall2 congruent_lists U Y ->
    exists y rest, congruent_lists u y /\ Forall2 congruent_lists others rest /\ respans Y (y :: rest).
Proof.
  induction U as [|u0 U IH]; intros q u others H; cbn [pivot_of] in H; [discriminate|].
  destruct (remainder_product w u0 =? 0)%Z eqn:E.
  - destruct (pivot_of w U) as [[[q' pivot] others']|]; [|discriminate]. injection H as <- <- <-.
    destruct (IH _ _ _ eq_refl) as (Q & N & R). split; [exact Q|]. split; [exact N|].
    intros Y HY. inversion HY as [|? y0 ? Y0 C0 HY0]; subst. destruct (R Y0 HY0) as (y & rest & A & B & C).
    exists y, (y0 :: rest). split; [exact A|]. split; [constructor; assumption|apply respans_cons, C].
  - injection H as <- <- <-. apply Z.eqb_neq in E. split; [reflexivity|]. split; [exact E|].
    intros Y HY. inversion HY as [|? y0 ? Y0 C0 HY0]; subst. exists y0, Y0. split; [exact C0|]. split; [exact HY0|].
    intro c. exists c. reflexivity.
Qed.

(** The vectors without their parts along the first. *)
Definition combined_all (w y : list Z) (rest : list (list Z)) : list (list Z) :=
  map (fun x => combined (product w y) x (product w x) y) rest.

Lemma combined_all_spans : forall w y rest c, product w y <> 0%Z ->
  exists c', forall u, idot (products u (combined_all w y rest)) c'
    = idot (products u rest) c - IZR (product u y) / IZR (product w y) * idot (products w rest) c.
Proof.
  intros w y rest. induction rest as [|x rest IH]; intros c N.
  - exists zero_point. intro u. simpl. unfold Rdiv. ring.
  - destruct (IH (fun j => c (S j)) N) as (c' & E). exists (cons (c 0%nat / IZR (product w y)) c'). intro u.
    unfold combined_all, products. cbn [map]. rewrite idot_cons.
    change (map (product u) (map (fun x0 => combined (product w y) x0 (product w x0) y) rest))
      with (products u (combined_all w y rest)).
    rewrite E, product_combined, minus_IZR, !mult_IZR. cbn [idot]. fold (products u rest) (products w rest).
    assert (HP : IZR (product w y) <> 0) by (apply not_0_IZR, N). field. exact HP.
Qed.

(** v is a combination of vectors with these remainders. *)
Definition spanned_modulo (n : nat) (U : list (list Z)) (v : point) : Prop :=
  exists Y, Forall2 congruent_lists U Y /\ Spanned n Y v.

Lemma reduced_spans : forall n r U U' v, reduced (remainders r) U = Some U' ->
  length (weights r) = n -> remainders r = remainders_of (weights r) ->
  spanned_modulo n U v -> idot (weights r) v = 0 -> spanned_modulo n U' v.
Proof.
  intros n r U U' v H L R (Y & C & c & SP) Z0. unfold reduced in H. rewrite R in H.
  destruct (pivot_of (remainders_of (weights r)) U) as [[[q u] others]|] eqn:P; [|discriminate]. injection H as <-.
  destruct (pivot_of_spec _ _ _ _ _ P) as (Q & N & D). destruct (D Y C) as (y & rest & CU & CO & RS).
  assert (CW := remainders_congruent (weights r)).
  assert (NP : product (weights r) y <> 0%Z).
  { apply (not_zero_modulo (product (remainders_of (weights r)) u)); [apply product_congruent; assumption|].
    unfold remainder_product in Q. congruence. }
  destruct (RS c) as (c1 & E1).
  destruct (combined_all_spans (weights r) y rest (fun j => c1 (S j)) NP) as (c2 & E2).
  exists (combined_all (weights r) y rest). split.
  - clear - CU CO CW Q. subst q. induction CO as [|x x' others rest X _ IH]; constructor; [|exact IH].
    apply remainder_sum_congruent; auto.
    + apply congruent_mod, product_congruent; assumption.
    + destruct (congruent_mod _ _ (product_congruent _ _ CW _ _ X)) as (t & T). unfold remainder_product. rewrite T.
      exists (1 - t)%Z. ring.
  - exists c2. intros w W. rewrite E2, (SP w W), <- (E1 w).
    rewrite (SP _ L), <- (E1 (weights r)) in Z0. cbn [products map idot] in *.
    fold (products w rest) (products (weights r) rest) in *.
    assert (HP : IZR (product (weights r) y) <> 0) by (apply not_0_IZR, NP).
    replace (idot (products (weights r) rest) (fun j => c1 (S j))) with (- (IZR (product (weights r) y) * c1 0%nat)) by lra.
    field. exact HP.
Qed.

(** What a basis says about v. *)
Definition possible (n : nat) (B : basis) (v : point) : Prop :=
  spanned_modulo n (residual B) v /\ Spanned n (fst (force (exact B))) v.

Lemma possible_whole : forall n v, possible n (whole_basis n) v.
Proof.
  intros n v. split; [|apply spanned_by_units]. exists (unit_vectors n). split; [|apply spanned_by_units].
  cbn [residual whole_basis]. induction (unit_vectors n); constructor; [apply congruent_lists_self|assumption].
Qed.

Theorem basis_with_possible : forall n B r B' v, basis_with B r = Some B' ->
  length (weights r) = n -> remainders r = remainders_of (weights r) ->
  possible n B v -> idot (weights r) v = 0 -> possible n B' v.
Proof.
  intros n B r B' v H L R (M & E) Z0. unfold basis_with in H.
  destruct (reduced (remainders r) (residual B)) as [U|] eqn:D.
  - injection H as <-. split; cbn [residual exact force].
    + apply (reduced_spans n r (residual B)); assumption.
    + unfold exact_with. destruct (annihilator _ _ (weights r)) as [[Y' d']|] eqn:A; [|exact E].
      apply (annihilator_spans n _ _ _ _ _ v A L E Z0).
  - destruct (annihilator _ _ (weights r)) as [[Y' d']|] eqn:A; [|discriminate]. injection H as <-.
    assert (S := annihilator_spans n _ _ _ _ _ v A L E Z0). split; [|exact S].
    exists Y'. split; [|exact S]. cbn [residual fst]. clear. induction Y'; constructor; [apply remainders_congruent|assumption].
Qed.

Theorem possible_none : forall n B v, residual B = [] -> possible n B v -> vanishes n v.
Proof.
  intros n B v E ((Y & C & S) & _). rewrite E in C. inversion C; subst. apply spanned_by_none, S.
Qed.

Theorem possible_one : forall n B u r v, residual B = [u] -> possible n B v -> shown (residual B) r = true ->
  length (weights r) = n -> remainders r = remainders_of (weights r) -> idot (weights r) v = 0 -> vanishes n v.
Proof.
  intros n B u r v E ((Y & C & S) & _) H L R Z0. rewrite E in *. unfold shown in H. cbn [existsb] in H.
  rewrite orb_false_r in H. apply negb_true_iff, Z.eqb_neq in H. rewrite R in H.
  inversion C as [|? y ? Y0 CU C0]; subst. inversion C0; subst.
  apply (spanned_by_one (length (weights r)) y (weights r) v); auto.
  apply (not_zero_modulo (product (remainders_of (weights r)) u)); [|exact H].
  apply product_congruent; [apply remainders_congruent|exact CU].
Qed.
