(** Regular values of a map with folds, and segments of values that meet the images of the folds in a simple way. *)

From Coq Require Import List Arith Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Integers Rows Domains Interior Sums.
From Proof.networks Require Import Flats FoldedMaps.
Import ListNotations.
Open Scope R_scope.

Section Walls.
Variable F : folded.
Hypothesis LF : linear F.
Hypothesis CF : coherent F.

(** All points with this value are generic. *)
Definition regular (c : point) : Prop := forall x, fold_value F x = c -> generic_point F x.

(** c is the value of a point on fold i under the affine map of the cell P. *)
Definition wall (P : nat -> bool) (i : nat) (c : point) : Prop :=
  cell F P /\ exists x, piece F P x = c /\ level F i x = 0.

Definition off_walls (c : point) : Prop := forall P i, In i (folds F) -> ~ wall P i c.

Lemma off_walls_regular : forall c, off_walls c -> regular c.
Proof.
  intros c O x V i I Z. apply (some_cell F LF x). intros (P & C & X). apply (O P i I). split; [exact C|].
  exists x. split; [|exact Z]. rewrite <- V. symmetry. apply closed_value, X.
Qed.

Definition walls : list (point -> Prop) :=
  flat_map (fun P => map (wall P) (folds F)) (patterns (folds F)).

Lemma in_walls : forall Z, In Z walls -> exists P i, In i (folds F) /\ Z = wall P i.
Proof.
  intros Z H. apply in_flat_map in H as (P & _ & H). apply in_map_iff in H as (i & <- & I). exists P, i. auto.
Qed.

Lemma off_all_walls : forall c, (forall Z, In Z walls -> ~ Z c) -> off_walls c.
Proof.
  intros c H P i I W. destruct (patterns_all (folds F) P) as (Q & IQ & E). apply (H (wall Q i)).
  - apply in_flat_map. exists Q. split; [exact IQ|]. apply in_map, I.
  - destruct W as (C & x & V & Z). assert (E' : forall k, In k (folds F) -> P k = Q k) by (intros; symmetry; auto).
    split; [apply (cell_ext F P Q E' C)|]. exists x. rewrite <- (piece_ext F P Q E'). auto.
Qed.

Lemma wall_flat : forall P i, flat (wall P i).
Proof.
  intros P i c1 c2 k (C & x & X & Zx) (_ & y & Y & Zy). split; [exact C|]. exists (between k x y).
  rewrite piece_between, level_between, X, Y, Zx, Zy by exact LF. split; [reflexivity|ring].
Qed.

Lemma walls_flat : forall Z, In Z walls -> flat Z.
Proof. intros Z H. apply in_walls in H as (P & i & _ & ->). apply wall_flat. Qed.

(** A wall is not everything. *)
Lemma wall_missed : forall P i c, In i (folds F) -> wall P i c -> exists q, ~ wall P i q.
Proof.
  intros P i c I (C & _). assert (C' := C). destruct C' as (x & X). exists (piece F P x). intros (_ & y & Y & Z).
  apply (piece_injective F LF CF) in Y; [|exact C]. subst y. specialize (X i I). destruct (P i); lra.
Qed.

Lemma avoids_walls : forall c Zs, incl walls Zs -> avoids c Zs -> off_walls c.
Proof.
  intros c Zs IZ A. apply off_all_walls. intros Z H W. assert (H' := H).
  apply in_walls in H' as (P & i & I & ->). apply (A _ (IZ _ H) (wall_missed P i c I W) W).
Qed.

(** * Pairs of folds *)

(** c lies where, seen from c0 under the affine map of P, folds i and j meet. *)
Definition meeting (c0 : point) (P : nat -> bool) (i j : nat) (c : point) : Prop :=
  cell F P /\ exists x0 x, piece F P x0 = c0 /\ piece F P x = c /\ level F j x0 * level F i x = level F i x0 * level F j x.

Definition meetings (c0 : point) : list (point -> Prop) :=
  flat_map (fun P => flat_map (fun i => map (meeting c0 P i) (folds F)) (folds F)) (patterns (folds F)).

Lemma in_meetings : forall c0 Z, In Z (meetings c0) -> exists P i j, Z = meeting c0 P i j.
Proof.
  intros c0 Z H. apply in_flat_map in H as (P & _ & H). apply in_flat_map in H as (i & _ & H).
  apply in_map_iff in H as (j & <- & _). exists P, i, j. reflexivity.
Qed.

Lemma meetings_flat : forall c0 Z, In Z (meetings c0) -> flat Z.
Proof.
  intros c0 Z H. apply in_meetings in H as (P & i & j & ->).
  intros c1 c2 k (C & x0 & x & X0 & X & Ex) (_ & y0 & y & Y0 & Y & Ey). split; [exact C|].
  rewrite <- Y0 in X0. apply (piece_injective F LF CF) in X0; [|exact C]. subst y0.
  exists x0, (between k x y). rewrite piece_between, !level_between, X, Y by exact LF. split; [exact Y0|]. split; [reflexivity|].
  replace (level F j x0 * ((1 - k) * level F i x + k * level F i y))
    with ((1 - k) * (level F j x0 * level F i x) + k * (level F j x0 * level F i y)) by ring.
  rewrite Ex, Ey. ring.
Qed.

(** Folds meet at c, seen from c0, only if they do everywhere. *)
Definition meets_simply (c0 c : point) : Prop := forall P i j x0 x y, cell F P -> In i (folds F) -> In j (folds F) ->
  piece F P x0 = c0 -> piece F P x = c -> level F j x0 * level F i x = level F i x0 * level F j x ->
  level F j x0 * level F i y = level F i x0 * level F j y.

Lemma avoids_meetings : forall c0 c Zs, incl (meetings c0) Zs -> avoids c Zs -> meets_simply c0 c.
Proof.
  intros c0 c Zs IZ A P i j x0 x y C I J X0 X E. apply stable. intro N.
  destruct (patterns_all (folds F) P) as (Q & IQ & E').
  assert (CQ : cell F Q) by (apply (cell_ext F P Q); [intros; symmetry; auto|exact C]).
  rewrite <- (piece_ext F Q P E') in X0, X. apply (A (meeting c0 Q i j)).
  - apply IZ, in_flat_map. exists Q. split; [exact IQ|]. apply in_flat_map. exists i. split; [exact I|]. apply in_map, J.
  - exists (piece F Q y). intros (_ & y0 & y' & Y0 & Y & EY). rewrite <- Y0 in X0.
    apply (piece_injective F LF CF) in X0, Y; try exact CQ. subst. contradiction.
  - split; [exact CQ|]. exists x0, x. auto.
Qed.

(** * Segments *)

(** A path of values. *)
Definition on (c d : point) (t : R) : point := plus c (times t d).

Lemma piece_on : forall P c d s t w u, piece F P w = on c d s -> derivative F P u = d ->
  piece F P (plus w (times (t - s) u)) = on c d t.
Proof. intros P c d s t w u W U. rewrite piece_along, W, U by exact LF. unfold on. vector. ring. Qed.

(** Where the path meets images of folds, it crosses them, and they are images of folds that are one near there. *)
Definition simple (c d : point) (s : R) : Prop := forall w P u, fold_value F w = on c d s -> cell F P -> closed_cell F P w ->
  derivative F P u = d ->
  (forall i, In i (folds F) -> level F i w = 0 -> lin F i u <> 0) /\
  (forall i j x, In i (folds F) -> In j (folds F) -> level F i w = 0 -> level F j w = 0 ->
    lin F j u * lin F i x = lin F i u * lin F j x).

Lemma simple_inside : forall c d t0 t1 s, off_walls (on c d t1) -> meets_simply (on c d t0) (on c d t1) -> s <> t0 -> s <> t1 ->
  simple c d s.
Proof.
  intros c d t0 t1 s O M N0 N1 w P u V C X U. rewrite (closed_value F P w X) in V.
  assert (A := fun t => piece_on P c d s t w u V U).
  assert (T : forall i, In i (folds F) -> level F i w = 0 -> lin F i u <> 0).
  { intros i I Z E. apply (O P i I). split; [exact C|]. exists (plus w (times (t1 - s) u)). split; [apply A|].
    rewrite (level_along F LF), Z, E. ring. }
  split; [exact T|]. intros i j x I J Zi Zj.
  assert (H := M P i j _ _ (plus w (times 1 x)) C I J (A t0) (A t1)). rewrite !(level_along F LF), Zi, Zj in H.
  specialize (H ltac:(ring)). apply Rmult_eq_reg_l with (t0 - s); [|lra]. lra.
Qed.

(** All but finitely many values on a line are off the walls, if one is. *)
Lemma finitely_many : forall c d t1, off_walls (on c d t1) ->
  ~ ~ exists ts, forall t, ~ In t ts -> off_walls (on c d t).
Proof.
  intros c d t1 O N. apply (outside_flats walls (on c d (t1 - 1)) (on c d t1)).
  - apply walls_flat.
  - intros Z H. apply in_walls in H as (P & i & I & ->). apply O, I.
  - intros (ts & H). apply N. exists (map (fun t => t + (t1 - 1)) ts). intros t T. apply off_all_walls. intros Z I.
    replace (on c d t) with (between (t - (t1 - 1)) (on c d (t1 - 1)) (on c d t1)) by (unfold on; vector; ring).
    apply H; [|exact I]. intro I'. apply T. apply in_map_iff. exists (t - (t1 - 1)). split; [ring|exact I'].
Qed.

End Walls.
