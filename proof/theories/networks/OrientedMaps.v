(** Maps of R^n that are affine between finitely many hyperplanes: if the matrices of all cells have one orientation, and one value
    is taken at one generic point only, the map is injective.

    The proof carries preimages along paths of values. Where a path crosses the image of a hyperplane, a preimage goes on into the
    cell on the other side, because of the orientation; so different preimages of a regular value become different preimages of any
    other one. If two points had one value, then so would two points near them, and that value could be chosen regular. *)

From Coq Require Import List Arith Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Integers Rows Domains Interior Sums.
From Proof.networks Require Import Flats FoldedMaps LocalMaps.
Import ListNotations.
Open Scope R_scope.

(** The product of the rows M 0, ..., M (n-1) with u. *)
Definition product (n : nat) (M : nat -> nat -> R) (u : point) : point := fun j => sum (seq 0 n) (fun k => M j k * u k).

Lemma sum_swap : forall A C (l : list A) (k : list C) f,
  sum l (fun a => sum k (fun c => f a c)) = sum k (fun c => sum l (fun a => f a c)).
Proof.
  intros A C l k f. induction l as [|a l IH].
  - rewrite (sum_ext _ k _ (fun _ => 0)) by reflexivity. rewrite sum_zero. reflexivity.
  - rewrite sum_cons, IH, <- sum_plus. apply sum_ext. intros c _. rewrite sum_cons. reflexivity.
Qed.

Lemma sum_seq_ext : forall n f g, (forall k, (k < n)%nat -> f k = g k) -> sum (seq 0 n) f = sum (seq 0 n) g.
Proof. intros n f g H. apply sum_ext. intros k I. apply in_seq in I. apply H. lia. Qed.

(** The unit vector of coordinate k. *)
Definition axis (k : nat) : point := fun j => if (j =? k)%nat then 1 else 0.

Lemma sum_axis : forall n f k, (k < n)%nat -> sum (seq 0 n) (fun j => f j * axis k j) = f k.
Proof.
  induction n as [|n IH]; intros f k H; [lia|]. rewrite sum_last. unfold axis at 2. destruct (Nat.eqb_spec n k) as [->|N].
  - rewrite (sum_seq_ext k _ (fun _ => 0)).
    + rewrite sum_zero. ring.
    + intros j J. unfold axis. destruct (Nat.eqb_spec j k); [lia|ring].
  - rewrite IH by lia. ring.
Qed.

Section Oriented.

(** The map F x = L x + c + the sum over the hidden units i of relu (g_i x) B_i, with g_i x = <a_i, x> + b_i. *)
Variable n : nat.
Variable L : nat -> nat -> R.
Variable c : point.
Variable units : list nat.
Variable a : nat -> point.
Variable b : nat -> R.
Variable B : nat -> point.

Definition form (i : nat) (x : point) : R := sum (seq 0 n) (fun k => a i k * x k).
Definition unit_value (i : nat) (x : point) : R := form i x + b i.
Definition map_value (x : point) : point := fun j => product n L x j + c j + sum units (fun i => relu (unit_value i x) * B i j).

(** On the cell of the pattern P it is matrix P x + offset P. *)
Definition matrix (P : nat -> bool) (j k : nat) : R := L j k + sum units (fun i => if P i then B i j * a i k else 0).
Definition offset (P : nat -> bool) : point := fun j => c j + sum units (fun i => if P i then b i * B i j else 0).

Definition generic (x : point) : Prop :=
  forall i, In i units -> (exists k, (k < n)%nat /\ a i k <> 0) -> unit_value i x <> 0.

(** P is the pattern of a generic point. *)
Definition is_cell (P : nat -> bool) : Prop :=
  exists x, generic x /\ forall i, In i units -> (P i = true <-> 0 <= unit_value i x).

(** If the matrices of two cells differ by w a_i^T, directions u and v that they map to one cross the hyperplane of unit i to
    one side. *)
Definition same_side : Prop := forall P Q i w u v, is_cell P -> is_cell Q -> In i units ->
  (forall j k, (j < n)%nat -> (k < n)%nat -> matrix Q j k = matrix P j k + w j * a i k) ->
  same n (product n (matrix P) u) (product n (matrix Q) v) -> 0 < form i u -> 0 < form i v.

(** * The map as one with folds *)

Definition live (i : nat) : bool := existsb (fun k => if Req_EM_T (a i k) 0 then false else true) (seq 0 n).

Lemma live_spec : forall i, live i = true <-> exists k, (k < n)%nat /\ a i k <> 0.
Proof.
  intro i. unfold live. rewrite existsb_exists. split; intros (k & K & N); exists k.
  - apply in_seq in K. split; [lia|]. destruct (Req_EM_T (a i k) 0); [discriminate N|assumption].
  - split; [apply in_seq; lia|]. destruct (Req_EM_T (a i k) 0); [contradiction|reflexivity].
Qed.

Lemma dead_form : forall i x, live i = false -> form i x = 0.
Proof.
  intros i x D. unfold form. rewrite (sum_seq_ext n _ (fun _ => 0)); [apply sum_zero|]. intros k K.
  destruct (Req_EM_T (a i k) 0) as [->|N]; [ring|]. rewrite (proj2 (live_spec i)) in D; [discriminate D|]. exists k. auto.
Qed.

Definition as_folded : folded := Folded (filter live units) form b (fun i j => if (j <? n)%nat then B i j else 0)
  (fun x j => if (j <? n)%nat then product n L x j else x j)
  (fun j => if (j <? n)%nat then c j + sum units (fun i => if live i then 0 else relu (b i) * B i j) else 0).

Lemma level_form : forall i x, level as_folded i x = unit_value i x.
Proof. reflexivity. Qed.

Lemma form_plus : forall i x y, form i (plus x y) = form i x + form i y.
Proof. intros. unfold form. rewrite <- sum_plus. apply sum_ext. intros k _. unfold plus. ring. Qed.

Lemma form_times : forall i t x, form i (times t x) = t * form i x.
Proof. intros. unfold form. rewrite <- sum_times. apply sum_ext. intros k _. unfold times. ring. Qed.

Lemma folded_linear : linear as_folded.
Proof.
  split; cbn [lin straight folds as_folded].
  - apply form_plus.
  - apply form_times.
  - intros i I. apply filter_In in I as [_ I]. apply live_spec in I as (k & K & N). exists (axis k). unfold form.
    rewrite sum_axis; assumption.
  - intros x y. apply functional_extensionality. intro j. unfold plus. destruct (j <? n)%nat; [|reflexivity].
    unfold product. rewrite <- sum_plus. apply sum_ext. intros k _. ring.
  - intros t x. apply functional_extensionality. intro j. unfold times. destruct (j <? n)%nat; [|reflexivity].
    unfold product. rewrite <- sum_times. apply sum_ext. intros k _. ring.
Qed.

Lemma inside_folded : forall x j, (j < n)%nat -> fold_value as_folded x j = map_value x j.
Proof.
  intros x j J. unfold fold_value, map_value. cbn [folds straight start col as_folded].
  apply Nat.ltb_lt in J. rewrite J, sum_filter, <- Rplus_assoc, Rplus_assoc, <- sum_plus. f_equal.
  apply sum_ext. intros i _. rewrite level_form. unfold unit_value. destruct (live i) eqn:D; [ring|].
  rewrite (dead_form i x D), Rplus_0_l. ring.
Qed.

Lemma outside_folded : forall x j, (n <= j)%nat -> fold_value as_folded x j = x j.
Proof.
  intros x j J. unfold fold_value. cbn [straight start col as_folded]. apply Nat.ltb_ge in J. rewrite J.
  rewrite (sum_ext nat _ _ (fun _ => 0)) by (intros; ring). rewrite sum_zero. ring.
Qed.

(** Units that are constant have one sign in all cells. *)
Definition completed (P : nat -> bool) (i : nat) : bool := if live i then P i else if Rle_dec 0 (b i) then true else false.

Lemma completed_closed : forall P z, closed_cell as_folded P z ->
  forall i, In i units -> if completed P i then 0 <= unit_value i z else unit_value i z <= 0.
Proof.
  intros P z C i I. unfold completed. destruct (live i) eqn:D.
  - apply (C i). apply filter_In. auto.
  - unfold unit_value. rewrite (dead_form i z D), Rplus_0_l. destruct (Rle_dec 0 (b i)); lra.
Qed.

Lemma completed_cell : forall P, cell as_folded P -> is_cell (completed P).
Proof.
  intros P (x & X). exists x. split.
  - intros i I D. apply live_spec in D. specialize (X i (proj2 (filter_In live i units) (conj I D))).
    rewrite level_form in X. destruct (P i); lra.
  - intros i I. unfold completed. destruct (live i) eqn:D.
    + specialize (X i (proj2 (filter_In live i units) (conj I D))). rewrite level_form in X.
      destruct (P i); split; intro H; try reflexivity; try discriminate H; lra.
    + unfold unit_value. rewrite (dead_form i x D), Rplus_0_l.
      destruct (Rle_dec 0 (b i)); split; intro H; try reflexivity; try discriminate H; lra.
Qed.

Lemma product_matrix : forall P u j,
  product n (matrix P) u j = product n L u j + sum units (fun i => (if P i then form i u else 0) * B i j).
Proof.
  intros P u j. unfold product, matrix.
  rewrite (sum_ext _ (seq 0 n) _ (fun k => L j k * u k + sum units (fun i => (if P i then B i j * a i k else 0) * u k))).
  - rewrite sum_plus, sum_swap. f_equal. apply sum_ext. intros i _. destruct (P i); unfold form.
    + rewrite Rmult_comm, <- sum_times. apply sum_ext. intros k _. ring.
    + rewrite (sum_ext _ (seq 0 n) _ (fun _ => 0)) by (intros; ring). rewrite sum_zero. ring.
  - intros k _. rewrite Rmult_plus_distr_r. f_equal. rewrite Rmult_comm, <- sum_times. apply sum_ext. intros i _. ring.
Qed.

Lemma inside_derivative : forall P u j, (j < n)%nat -> derivative as_folded P u j = product n (matrix (completed P)) u j.
Proof.
  intros P u j J. unfold derivative. cbn [folds straight lin col as_folded]. apply Nat.ltb_lt in J.
  rewrite J, product_matrix, sum_filter. f_equal. apply sum_ext. intros i _. unfold completed.
  destruct (live i) eqn:D; [reflexivity|].
  rewrite (dead_form i u D). destruct (Rle_dec 0 (b i)); ring.
Qed.

Lemma outside_derivative : forall P u j, (n <= j)%nat -> derivative as_folded P u j = u j.
Proof.
  intros P u j J. unfold derivative. cbn [straight col as_folded]. apply Nat.ltb_ge in J. rewrite J.
  rewrite (sum_ext nat _ _ (fun _ => 0)) by (intros; ring). rewrite sum_zero. ring.
Qed.

(** On the closure of its cell a pattern gives the values. *)
Lemma piece_value : forall (P : nat -> bool) z,
  (forall i, In i units -> if P i then 0 <= unit_value i z else unit_value i z <= 0) ->
  forall j, map_value z j = product n (matrix P) z j + offset P j.
Proof.
  intros P z C j. rewrite product_matrix. unfold map_value, offset.
  set (m := sum units (fun i => (if P i then form i z else 0) * B i j)).
  set (o := sum units (fun i => if P i then b i * B i j else 0)).
  replace (product n L z j + m + (c j + o)) with (product n L z j + c j + (m + o)) by ring.
  unfold m, o. rewrite <- sum_plus. f_equal. apply sum_ext. intros i I. specialize (C i I). unfold relu. destruct (P i).
  - rewrite Rmax_left by exact C. unfold unit_value. ring.
  - rewrite Rmax_right by exact C. ring.
Qed.

(** The point of R^n, and 0 in all other coordinates. *)
Definition cut (x y : point) : point := fun j => if (j <? n)%nat then x j else y j.

Lemma cut_inside : forall x y, same n (cut x y) x.
Proof. intros x y j J. unfold cut. apply Nat.ltb_lt in J. rewrite J. reflexivity. Qed.

Lemma cut_outside : forall x y j, (n <= j)%nat -> cut x y j = y j.
Proof. intros x y j J. unfold cut. apply Nat.ltb_ge in J. rewrite J. reflexivity. Qed.

Lemma product_same : forall M x y, same n x y -> product n M x = product n M y.
Proof.
  intros M x y E. apply functional_extensionality. intro j. apply sum_seq_ext. intros k K. rewrite (E k K). reflexivity.
Qed.

Lemma map_same : forall x y, same n x y -> map_value x = map_value y.
Proof.
  intros x y E. apply functional_extensionality. intro j. unfold map_value. rewrite (product_same L x y E). f_equal.
  apply sum_ext. intros i _. unfold unit_value, form. do 3 f_equal. apply sum_seq_ext. intros k K. rewrite (E k K). reflexivity.
Qed.

Lemma by_coordinates : forall x y : point, (forall j, (j < n)%nat -> x j = y j) -> (forall j, (n <= j)%nat -> x j = y j) -> x = y.
Proof.
  intros x y I O. apply functional_extensionality. intro j. destruct (Nat.lt_ge_cases j n); auto.
Qed.

Theorem oriented_injective : forall p,
  (forall P d, is_cell P -> exists u, same n (product n (matrix P) u) d) ->
  (forall P u, is_cell P -> same n (product n (matrix P) u) zero_point -> same n u zero_point) ->
  same_side ->
  generic p ->
  (forall P z, is_cell P -> (forall j, (j < n)%nat -> product n (matrix P) z j + offset P j = map_value p j) ->
    (forall i, In i units -> if P i then 0 <= unit_value i z else unit_value i z <= 0) -> same n z p) ->
  forall x y, same n (map_value x) (map_value y) -> same n x y.
Proof.
  intros p ON IN SS GP ONE x y E.
  assert (CF : coherent as_folded).
  { split.
    - intros P d C. destruct (ON _ d (completed_cell P C)) as (u & U). exists (cut u d). apply by_coordinates; intros j J.
      + rewrite inside_derivative, (product_same _ _ _ (cut_inside u d)) by exact J. apply U, J.
      + rewrite outside_derivative by exact J. apply cut_outside, J.
    - intros P u C Z. apply by_coordinates.
      + apply (IN _ u (completed_cell P C)). intros j J. rewrite <- inside_derivative, Z by exact J. reflexivity.
      + intros j J. rewrite <- (outside_derivative P u j J), Z. reflexivity.
    - intros P Q i w u v CP CQ I D UV. apply filter_In in I as [I _].
      apply (SS (completed P) (completed Q) i w); [apply completed_cell, CP|apply completed_cell, CQ|exact I| |].
      + intros j k J K. specialize (D (axis k)). apply (f_equal (fun z => z j)) in D. unfold plus, times in D.
        cbn [lin as_folded] in D. rewrite !inside_derivative in D by exact J. unfold product, form in D.
        rewrite !sum_axis in D by exact K. rewrite D. ring.
      + intros j J. rewrite <- !inside_derivative by exact J. rewrite UV. reflexivity. }
  assert (H : cut x zero_point = cut y zero_point).
  { apply (folded_injective as_folded p folded_linear CF).
    - intros i I. apply filter_In in I as [I D]. apply live_spec in D. apply (GP i I D).
    - intros z V. apply point_stable. intro N. apply (some_cell as_folded folded_linear z). intros (P & C & X). apply N.
      assert (S := completed_closed P z X). apply by_coordinates.
      + apply (ONE (completed P) z (completed_cell P C)); [|exact S].
        intros j J. rewrite <- (piece_value _ z S), <- !inside_folded, V by exact J. reflexivity.
      + intros j J. rewrite <- (outside_folded z j J), V. apply outside_folded, J.
    - apply by_coordinates; intros j J.
      + rewrite !inside_folded by exact J. rewrite !(map_same _ _ (cut_inside _ zero_point)). apply E, J.
      + rewrite !outside_folded, !cut_outside by exact J. reflexivity. }
  intros j J. rewrite <- (cut_inside x zero_point j J), <- (cut_inside y zero_point j J), H. reflexivity.
Qed.

End Oriented.
