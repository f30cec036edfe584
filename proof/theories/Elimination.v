(** Which vectors a list of rows leaves possible: elimination on a basis of the vectors that are orthogonal to them.

    [Spanned n Y v] says that v is a combination of the vectors in Y, as far as rows of length n can tell. A row w with
    <w, v> = 0 takes one vector out of the basis; when the basis is empty, v = 0. No theory of dimension is needed. *)

From Coq Require Import List ZArith Reals Lra Lia.
From Proof Require Import Layers Integers.
Import ListNotations.
Open Scope Z_scope.

(** The products of one row with the vectors of a basis. *)
Definition products (w : list Z) (Y : list (list Z)) : list Z := map (product w) Y.

Definition is_zero (z : Z) : bool := z =? 0.
Definition orthogonal (w : list Z) (Y : list (list Z)) : bool := forallb (fun y => product w y =? 0) Y.

(** y, which has the product q, without its part along the pivot, which has the product p. A factor of all entries goes. *)
Definition cleared (divide : bool) (divisor p : Z) (pivot : list Z) (q : Z) (y : list Z) : list Z :=
  if q =? 0 then y
  else
    let z := combined p y q pivot in
    if divide then divided (if divisor =? 0 then content z else divisor) z else z.

Fixpoint clear_all (divide : bool) (divisor p : Z) (pivot : list Z) (P : list Z) (Y : list (list Z)) : list (list Z) :=
  match P, Y with
  | q :: P', y :: Y' => cleared divide divisor p pivot q y :: clear_all divide divisor p pivot P' Y'
  | _, _ => []
  end.

(** The basis for one more row, given its products: None if all are 0. Also the pivot. *)
Fixpoint eliminated (divide : bool) (divisor : Z) (P : list Z) (Y : list (list Z)) : option (list (list Z) * Z) :=
  match P, Y with
  | p :: P', y :: Y' =>
      if p =? 0 then
        match eliminated divide divisor P' Y' with Some (rest, a) => Some (y :: rest, a) | None => None end
      else Some (clear_all divide divisor p y P' Y', p)
  | _, _ => None
  end.

(** A node's basis and divisor. While no product was 0 all entries are minors, which the last pivot divides (Bareiss);
    afterwards the divisor is 0 and the content is removed. The last vector is left as it is. Nothing of this has to be
    proved: [divided] divides only where that leaves no remainder. *)
Definition annihilator (Y : list (list Z)) (divisor : Z) (w : list Z) : option (list (list Z) * Z) :=
  let P := products w Y in
  let divisor := if existsb is_zero P then 0 else divisor in
  match eliminated (match Y with _ :: _ :: _ :: _ => true | _ => false end) divisor P Y with
  | Some (Y', pivot) => Some (Y', if divisor =? 0 then 0 else pivot)
  | None => None
  end.

(** Whether the products of one row are a multiple of those of another: a and b stand at the other's first one that is not 0. *)
Fixpoint proportional (a b : Z) (P Q : list Z) : bool :=
  match P, Q with
  | p :: P', q :: Q' => (a * q =? b * p) && proportional a b P' Q'
  | _, _ => true
  end.

Fixpoint multiple_of (P Q : list Z) : bool :=
  match P, Q with
  | p :: P', q :: Q' => if p =? 0 then (q =? 0) && multiple_of P' Q' else proportional p q P' Q'
  | _, _ => false
  end.

Open Scope R_scope.

Definition Spanned (n : nat) (Y : list (list Z)) (v : point) : Prop :=
  exists c : point, forall w, length w = n -> idot w v = idot (products w Y) c.

(** v is 0, as far as rows of length n can tell. *)
Definition vanishes (n : nat) (v : point) : Prop := forall w, length w = n -> idot w v = 0.

Lemma spanned_by_units : forall n v, Spanned n (unit_vectors n) v.
Proof.
  intros n v. exists v. intros w L. unfold unit_vectors, products. rewrite map_map.
  enough (H : forall k (u : list Z) (g : nat -> list Z) (x : point) start,
    length u = k ->
    (forall j, (j < k)%nat -> product w (g (start + j)%nat) = nth j u 0%Z) ->
    idot u x = idot (map (fun j => product w (g j)) (seq start k)) x).
  { apply (H n w (unit_vector n) v 0%nat L). intros j J. simpl. apply eq_IZR.
    pose (e := fun i => IZR (nth i w 0%Z)).
    assert (E : forall u, IZR (product w u) = idot u e).
    { clear. unfold e. clear e. induction w as [|a w IH]; intros [|b u]; simpl; try reflexivity.
      - rewrite (idot_ext u _ (times 0 zero_point)).
        + rewrite idot_times. ring.
        + intros i _. unfold times, zero_point. destruct i; ring.
      - rewrite plus_IZR, mult_IZR, IH. ring. }
    rewrite E, idot_unit_vector by lia. reflexivity. }
  clear. induction k as [|k IH]; intros u g x start L H; destruct u as [|a u]; try discriminate L; [reflexivity|].
  cbn [seq map idot]. f_equal.
  - f_equal. f_equal. specialize (H 0%nat ltac:(lia)). rewrite Nat.add_0_r in H. rewrite H. reflexivity.
  - apply IH; [simpl in L; lia|]. intros j J. specialize (H (S j) ltac:(lia)).
    replace (S start + j)%nat with (start + S j)%nat by lia. exact H.
Qed.

Lemma vanishes_same : forall n v, vanishes n v -> forall j, (j < n)%nat -> v j = 0.
Proof.
  intros n v H j J. rewrite <- (idot_unit_vector n j v J). apply H, unit_vector_length.
Qed.

Lemma cleared_product : forall divide divisor p pivot q y, p <> 0%Z ->
  exists f, f <> 0%Z /\
    forall w, (f * product w (cleared divide divisor p pivot q y) = p * product w y - q * product w pivot)%Z.
Proof.
  intros divide divisor p pivot q y NZ. unfold cleared. destruct (q =? 0)%Z eqn:Q.
  - apply Z.eqb_eq in Q. subst q. exists p. split; [exact NZ|]. intro. lia.
  - destruct divide.
    + destruct (product_divided (if (divisor =? 0)%Z then content (combined p y q pivot) else divisor) (combined p y q pivot))
        as (f & F & E).
      exists f. split; [exact F|]. intro w. rewrite E. apply product_combined.
    + exists 1%Z. split; [lia|]. intro w. rewrite product_combined. lia.
Qed.

Lemma clear_all_spans : forall divide divisor p pivot w0 Y c, p <> 0%Z ->
  exists c', forall w,
    idot (products w (clear_all divide divisor p pivot (products w0 Y) Y)) c'
    = idot (products w Y) c - IZR (product w pivot) / IZR p * idot (products w0 Y) c.
Proof.
  intros divide divisor p pivot w0 Y. induction Y as [|y Y IH]; intros c NZ.
  - exists zero_point. intro w. simpl. unfold Rdiv. ring.
  - destruct (IH (fun j => c (S j)) NZ) as (c' & E).
    destruct (cleared_product divide divisor p pivot (product w0 y) y NZ) as (f & F & P).
    exists (cons (c 0%nat * IZR f / IZR p) c'). intro w.
    cbn [products map clear_all]. fold (products w0 Y). 
    cbn [map]. rewrite idot_cons. fold (products w (clear_all divide divisor p pivot (products w0 Y) Y)). rewrite E.
    cbn [products map idot]. fold (products w Y) (products w0 Y).
    specialize (P w). apply (f_equal IZR) in P. rewrite minus_IZR, !mult_IZR in P.
    assert (HP : IZR p <> 0) by (apply not_0_IZR, NZ).
    replace (IZR (product w (cleared divide divisor p pivot (product w0 y) y)) * (c 0%nat * IZR f / IZR p))
      with (IZR f * IZR (product w (cleared divide divisor p pivot (product w0 y) y)) * c 0%nat / IZR p)
      by (field; exact HP).
    rewrite P. field. exact HP.
Qed.

Lemma eliminated_spans : forall divide divisor w0 Y Y' a c,
  eliminated divide divisor (products w0 Y) Y = Some (Y', a) ->
  idot (products w0 Y) c = 0 ->
  exists c', forall w, idot (products w Y') c' = idot (products w Y) c.
Proof.
  intros divide divisor w0 Y. induction Y as [|y Y IH]; intros Y' a c H Z0; [discriminate|].
  cbn [products map eliminated idot] in H, Z0. fold (products w0 Y) in H, Z0.
  destruct (product w0 y =? 0)%Z eqn:E.
  - apply Z.eqb_eq in E. rewrite E in Z0.
    destruct (eliminated divide divisor (products w0 Y) Y) as [[rest b]|] eqn:R; [|discriminate].
    injection H as <- <-.
    destruct (IH rest b (fun j => c (S j)) eq_refl) as (c' & C); [lra|].
    exists (cons (c 0%nat) c'). intro w. cbn [products map]. rewrite idot_cons.
    fold (products w rest). rewrite C. reflexivity.
  - apply Z.eqb_neq in E. injection H as <- <-.
    destruct (clear_all_spans divide divisor (product w0 y) y w0 Y (fun j => c (S j)) E) as (c' & C).
    exists c'. intro w. rewrite C. cbn [products map idot]. fold (products w Y).
    assert (HP : IZR (product w0 y) <> 0) by (apply not_0_IZR, E).
    replace (idot (products w0 Y) (fun j => c (S j))) with (- (IZR (product w0 y) * c 0%nat)) by lra.
    field. exact HP.
Qed.

(** One more row that v is orthogonal to. *)
Theorem annihilator_spans : forall n Y divisor w Y' divisor' v,
  annihilator Y divisor w = Some (Y', divisor') -> length w = n ->
  Spanned n Y v -> idot w v = 0 -> Spanned n Y' v.
Proof.
  intros n Y divisor w Y' divisor' v H L (c & C) Z0. unfold annihilator in H.
  set (flag := match Y with _ :: _ :: _ :: _ => true | _ => false end) in H.
  set (d := if existsb is_zero (products w Y) then 0%Z else divisor) in H.
  destruct (eliminated flag d (products w Y) Y) as [[rest a]|] eqn:E; [|discriminate].
  injection H as <- _.
  destruct (eliminated_spans flag d w Y rest a c E) as (c' & C'); [rewrite <- C; assumption|].
  exists c'. intros u U. rewrite C'. apply C, U.
Qed.

(** With no vector left v is 0, *)
Theorem spanned_by_none : forall n v, Spanned n [] v -> vanishes n v.
Proof. intros n v (c & C) w L. rewrite (C w L). reflexivity. Qed.

(** and so it is with one that a row of v is not orthogonal to. *)
Theorem spanned_by_one : forall n y w v,
  Spanned n [y] v -> length w = n -> product w y <> 0%Z -> idot w v = 0 -> vanishes n v.
Proof.
  intros n y w v (c & C) L NZ H u U. rewrite (C u U). rewrite (C w L) in H. simpl in *.
  assert (HP : IZR (product w y) <> 0) by (apply not_0_IZR, NZ).
  assert (c 0%nat = 0) as ->; [|ring].
  rewrite Rplus_0_r in H. apply Rmult_integral in H. tauto.
Qed.

Lemma proportional_idot : forall a b P Q c, proportional a b P Q = true -> length P = length Q ->
  IZR a * idot Q c = IZR b * idot P c.
Proof.
  induction P as [|p P IH]; intros [|q Q] c H L; try discriminate L; [simpl; ring|].
  cbn [proportional] in H. apply andb_prop in H as [E H]. apply Z.eqb_eq in E.
  apply (f_equal IZR) in E. rewrite !mult_IZR in E.
  cbn [idot]. injection L as L. specialize (IH Q (fun j => c (S j)) H L). idtac. rewrite Rmult_plus_distr_l, IH. replace (IZR a * (IZR q * c 0%nat)) with ((IZR a * IZR q) * c 0%nat) by ring. rewrite E. ring.
Qed.

Lemma multiple_of_idot : forall P Q c, multiple_of P Q = true -> length P = length Q -> idot P c = 0 -> idot Q c = 0.
Proof.
  induction P as [|p P IH]; intros [|q Q] c H L Z0; try discriminate.
  cbn [multiple_of] in H. injection L as L. cbn [idot] in *. destruct (p =? 0)%Z eqn:E.
  - apply andb_prop in H as [EQ H]. apply Z.eqb_eq in EQ, E. subst.
    rewrite (IH Q (fun j => c (S j)) H L); [ring|]. rewrite Rmult_0_l, Rplus_0_l in Z0. exact Z0.
  - apply Z.eqb_neq, not_0_IZR in E.
    pose proof (proportional_idot p q P Q (fun j => c (S j)) H L) as R.
    apply Rmult_eq_reg_l with (IZR p); [|exact E]. nra.
Qed.

(** A row in the span of the rows so far and of one more: v is orthogonal to it if it is to them. *)
Theorem multiple_of_orthogonal : forall n Y v w u,
  multiple_of (products w Y) (products u Y) = true -> length w = n -> length u = n ->
  Spanned n Y v -> idot w v = 0 -> idot u v = 0.
Proof.
  intros n Y v w u H W U (c & C) Z0. rewrite (C u U). rewrite (C w W) in Z0.
  apply (multiple_of_idot (products w Y)); [exact H| |exact Z0]. unfold products. rewrite !map_length. reflexivity.
Qed.

