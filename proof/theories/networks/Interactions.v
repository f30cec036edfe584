(** The matrix I + AB of a residual block in integers, and what it says about two points. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Integers Rows Interior Sums.
From Proof.networks Require Import DefiniteMatrices MinorTrees.
Import ListNotations.
Open Scope Z_scope.

Fixpoint numbers_from {A : Type} (i : Z) (l : list A) : list Z :=
  match l with [] => [] | _ :: l' => i :: numbers_from (i + 1) l' end.

(** The rows over one denominator. *)
Fixpoint all_scaled (d : Z) (rows : list (list Q)) : option (list (list Z)) :=
  match rows with
  | [] => Some []
  | r :: rows' => match scaled d r, all_scaled d rows' with Some z, Some rest => Some (z :: rest) | _, _ => None end
  end.

Definition rows_over_one (rows : list (list Q)) : option (list (list Z) * Z) :=
  let d := common_denominator (concat rows) in
  if 0 <? d then match all_scaled d rows with Some zs => Some (zs, d) | None => None end else None.

(** y + a_1 B_1 + a_2 B_2 + ... *)
Fixpoint with_rows (y : list Z) (a : list Z) (B : list (list Z)) : list Z :=
  match a, B with
  | c :: a', r :: B' => added (with_rows y a' B') c r
  | _, _ => y
  end.

Fixpoint interaction_rows (factor : Z) (all us : list Z) (A B : list (list Z)) : list (Z * list Z) :=
  match us, A with
  | i :: us', a :: A' =>
      (i, with_rows (map (fun j => if j =? i then factor else 0) all) a B) :: interaction_rows factor all us' A' B
  | _, _ => []
  end.

(** I + AB times a positive integer. *)
Definition interaction (f : residual_block) : option (list (Z * list Z)) :=
  match rows_over_one (map normal (hidden f)), rows_over_one (back f) with
  | Some (A, d), Some (B, e) =>
      let all := numbers_from 0 (hidden f) in Some (interaction_rows (d * e) all all A B)
  | _, _ => None
  end.

Open Scope R_scope.

(** The values of a vector at a list of units. *)
Definition values (s : Z -> R) (us : list Z) : point := point_of (map s us).

Lemma values_nil : forall s row, idot row (values s []) = 0.
Proof. intros s row. apply idot_zero_point. intros j _. destruct j; reflexivity. Qed.

Lemma idot_values_cons : forall s u us a row, idot (a :: row) (values s (u :: us)) = IZR a * s u + idot row (values s us).
Proof. reflexivity. Qed.

Lemma idot_map_values : forall s (f : Z -> Z) us, idot (map f us) (values s us) = sum us (fun j => IZR (f j) * s j).
Proof.
  induction us as [|u us IH]; [reflexivity|]. cbn [map]. rewrite idot_values_cons, IH, sum_cons. reflexivity.
Qed.

Lemma numbers_from_in : forall A (l : list A) start i, In i (numbers_from start l) <->
  (start <= i < start + Z.of_nat (length l))%Z.
Proof.
  induction l as [|a l IH]; intros start i; cbn [numbers_from length]; [cbn; lia|]. cbn [In]. rewrite IH. lia.
Qed.

Lemma numbers_from_different : forall A (l : list A) start, NoDup (numbers_from start l).
Proof.
  induction l as [|a l IH]; intro start; cbn [numbers_from]; constructor; [|apply IH]. rewrite numbers_from_in. lia.
Qed.

Lemma numbers_from_length : forall A (l : list A) start, length (numbers_from start l) = length l.
Proof. induction l as [|a l IH]; intro start; cbn [numbers_from length]; [reflexivity|]. rewrite IH. reflexivity. Qed.

Lemma nth_map_numbers : forall A (s : Z -> R) (l : list A) start j, (j < length l)%nat ->
  nth j (map s (numbers_from start l)) 0 = s (start + Z.of_nat j)%Z.
Proof.
  induction l as [|a l IH]; intros start j J; cbn [length] in J; [lia|]. cbn [numbers_from map].
  destruct j as [|j]; cbn [nth]; [f_equal; lia|]. rewrite IH by lia. f_equal. lia.
Qed.

Lemma dot_minus : forall w x y, dot w (fun j => x j - y j) = dot w x - dot w y.
Proof.
  induction w as [|a w IH]; intros x y; cbn [dot]; [ring|]. rewrite (IH (fun j => x (S j)) (fun j => y (S j))). ring.
Qed.

Lemma dot_same : forall n w x y, length w = n -> same n x y -> dot w x = dot w y.
Proof.
  induction n as [|n IH]; intros [|a w] x y L H; try discriminate L; [reflexivity|]. injection L as L. cbn [dot].
  rewrite (H 0%nat) by lia. f_equal. apply IH; [exact L|]. intros j J. apply H. lia.
Qed.

(** * Its entries *)

Lemma same_lengths : forall A B (P : A -> B -> Prop) l k, Forall2 P l k -> length l = length k.
Proof. induction 1; cbn [length]; congruence. Qed.

Lemma rows_over_one_spec : forall rows zs d, rows_over_one rows = Some (zs, d) ->
  Forall2 (multiples d) zs rows /\ 0 < IZR d.
Proof.
  intros rows zs d H. unfold rows_over_one in H. destruct (0 <? common_denominator (concat rows))%Z eqn:P; [|discriminate].
  set (e := common_denominator (concat rows)) in *.
  destruct (all_scaled e rows) as [l|] eqn:S; [|discriminate]. injection H as <- <-.
  split; [|apply IZR_lt, Z.ltb_lt, P]. clearbody e. clear P. revert l S.
  induction rows as [|r rows IH]; intros l S; cbn [all_scaled] in S; [injection S as <-; constructor|].
  destruct (scaled e r) as [z|] eqn:R; [|discriminate]. destruct (all_scaled e rows) as [rest|]; [|discriminate].
  injection S as <-. constructor; [apply scaled_multiples, R|apply IH; reflexivity].
Qed.

Lemma idot_with_rows : forall a y B w, idot (with_rows y a B) w = idot y w + idot a (fun l => idot (nth l B []) w).
Proof.
  induction a as [|c a IH]; intros y [|r B] w; cbn [with_rows idot]; try ring.
  - rewrite (idot_zero_point a); [cbn [nth idot]; ring|]. intros [|j] _; reflexivity.
  - rewrite idot_added, IH. cbn [nth]. ring.
Qed.

Lemma added_same_length : forall y k z, length z = length y -> length (added y k z) = length y.
Proof.
  induction y as [|a y IH]; intros k [|b z] L; try discriminate L; [reflexivity|]. injection L as L. cbn. rewrite IH; auto.
Qed.

Lemma with_rows_length : forall a y B, (forall r, In r B -> length r = length y) -> length (with_rows y a B) = length y.
Proof.
  induction a as [|c a IH]; intros y [|r B] H; cbn [with_rows]; try reflexivity.
  assert (E : length (with_rows y a B) = length y) by (apply IH; intros s S; apply H; right; exact S).
  rewrite added_same_length; [exact E|]. rewrite E. apply H. left. reflexivity.
Qed.

Lemma interaction_rows_units : forall factor all us A B, length us = length A ->
  map fst (interaction_rows factor all us A B) = us.
Proof.
  induction us as [|i us IH]; intros [|a A] B L; try discriminate L; [reflexivity|]. injection L as L.
  cbn [interaction_rows map fst]. rewrite IH by exact L. reflexivity.
Qed.

Lemma interaction_rows_in : forall factor d all B layer A start i row, Forall2 (multiples d) A (map normal layer) ->
  In (i, row) (interaction_rows factor all (numbers_from start layer) A B) ->
  (start <= i)%Z /\ exists r a, nth_error layer (Z.to_nat (i - start)) = Some r /\ multiples d a (normal r) /\
    row = with_rows (map (fun j => if j =? i then factor else 0)%Z all) a B.
Proof.
  induction layer as [|r layer IH]; intros A start i row M I.
  - destruct I.
  - cbn [map] in M. inversion M as [|a ? A' ? MA M']; subst. cbn [numbers_from interaction_rows] in I. destruct I as [I|I].
    + injection I as <- <-. split; [lia|]. rewrite Z.sub_diag. exists r, a. auto.
    + destruct (IH A' (start + 1)%Z i row M' I) as (L & s & b & N & R). split; [lia|]. exists s, b. split; [|exact R].
      replace (Z.to_nat (i - start)) with (S (Z.to_nat (i - (start + 1)))) by lia. exact N.
Qed.

(** Row i, applied to s, is a positive multiple of s_i + <a_i, Bs>. *)
Lemma interaction_spec : forall n f m, interaction f = Some m -> (forall r, In r (hidden f) -> length (normal r) = n) ->
  (forall r, In r (back f) -> length r = length (hidden f)) ->
  let all := numbers_from 0 (hidden f) in
  map fst m = all /\ (forall i row, In (i, row) m -> length row = length all) /\
  exists F, 0 < F /\ forall i row, In (i, row) m -> (0 <= i)%Z /\ exists r, nth_error (hidden f) (Z.to_nat i) = Some r /\
    forall s, idot row (values s all) = F * (s i + dot (normal r) (fun l => dot (nth l (back f) []) (values s all))).
Proof.
  intros n f m H L LB. cbn zeta. unfold interaction in H.
  destruct (rows_over_one (map normal (hidden f))) as [[A d]|] eqn:EA; [|discriminate].
  destruct (rows_over_one (back f)) as [[B e]|] eqn:EB; [|discriminate]. injection H as <-.
  apply rows_over_one_spec in EA as [MA D], EB as [MB E]. set (all := numbers_from 0 (hidden f)).
  split; [|split].
  - apply interaction_rows_units. unfold all. rewrite numbers_from_length, (same_lengths _ _ _ _ _ MA), map_length. reflexivity.
  - intros i row I. destruct (interaction_rows_in _ _ _ _ _ _ _ _ _ MA I) as (_ & r & a & _ & _ & ->).
    rewrite with_rows_length, map_length; [reflexivity|].
    intros z ZI. rewrite map_length. unfold all. rewrite numbers_from_length.
    destruct (Forall2_in_left _ _ _ _ _ MB z ZI) as (q & Q & M). rewrite (multiples_length _ _ _ M). apply LB, Q.
  - exists (IZR (d * e)). split; [rewrite mult_IZR; apply Rmult_lt_0_compat; assumption|]. intros i row I.
    assert (IA : In i all).
    { apply (in_map fst) in I. rewrite interaction_rows_units in I; [exact I|].
      unfold all. rewrite numbers_from_length, (same_lengths _ _ _ _ _ MA), map_length. reflexivity. }
    destruct (interaction_rows_in _ _ _ _ _ _ _ _ _ MA I) as (I0 & r & a & N & M & ->). split; [exact I0|].
    rewrite Z.sub_0_r in N. exists r. split; [exact N|]. intro s. rewrite idot_with_rows, idot_map_values.
    rewrite (sum_ext _ all _ (fun j => if Z.eq_dec i j then IZR (d * e) * s i else 0)).
    2:{ intros j _. destruct (Z.eqb_spec j i) as [->|NE].
        - destruct (Z.eq_dec i i); [reflexivity|contradiction].
        - destruct (Z.eq_dec i j); [congruence|ring]. }
    rewrite sum_single by (try exact IA; apply numbers_from_different).
    rewrite (multiples_dot _ _ _ M).
    rewrite (dot_same n (normal r) _ (times (IZR e) (fun l => dot (nth l (back f) []) (values s all)))).
    + rewrite dot_times, mult_IZR. ring.
    + apply L. apply nth_error_In in N. exact N.
    + intros l _. unfold times. clear - MB. revert l. induction MB as [|z q B rows M _ IH]; intros [|l]; cbn [nth].
      * cbn. ring.
      * cbn. ring.
      * apply multiples_dot, M.
      * apply IH.
Qed.

(** * Two points with one value *)

(** s = ReLU(Ax + b) - ReLU(Ay + b) *)
Definition output_difference (f : residual_block) (x y : point) (i : Z) : R :=
  nth (Z.to_nat i) (output (hidden f) x) 0 - nth (Z.to_nat i) (output (hidden f) y) 0.

Lemma values_difference : forall f x y j, (j < length (hidden f))%nat ->
  values (output_difference f x y) (numbers_from 0 (hidden f)) j = nth j (output (hidden f) x) 0 - nth j (output (hidden f) y) 0.
Proof.
  intros f x y j J. unfold values, point_of. rewrite nth_map_numbers by exact J. unfold output_difference.
  rewrite Z.add_0_l, Nat2Z.id. reflexivity.
Qed.

Lemma nth_output : forall layer x j r, nth_error layer j = Some r -> nth j (output layer x) 0 = relu (affine r x).
Proof. intros layer x j r N. unfold output. apply nth_error_nth. rewrite nth_error_map, N. reflexivity. Qed.

Section Points.

Variable n : nat.
Variable f : residual_block.
Variables x y : point.
Hypothesis hidden_lengths : forall r, In r (hidden f) -> length (normal r) = n.
Hypothesis back_length : length (back f) = n.
Hypothesis back_lengths : forall r, In r (back f) -> length r = length (hidden f).
Hypothesis same_values : same n (block_value f x) (block_value f y).

(** Bs = y - x *)
Lemma back_difference : forall l, (l < n)%nat ->
  dot (nth l (back f) []) (values (output_difference f x y) (numbers_from 0 (hidden f))) = y l - x l.
Proof.
  intros l L. assert (E := same_values l L). unfold block_value in E.
  rewrite (dot_same (length (hidden f)) _ _
    (fun j => point_of (output (hidden f) x) j - point_of (output (hidden f) y) j)).
  - rewrite dot_minus. lra.
  - apply back_lengths, nth_In. lia.
  - intros j J. apply values_difference, J.
Qed.

Lemma no_difference : (forall j, In j (numbers_from 0 (hidden f)) -> output_difference f x y j = 0) -> same n x y.
Proof.
  intros H l L. assert (B := back_difference l L). rewrite (dot_same (length (hidden f)) _ _ (times 0 zero_point)) in B.
  - rewrite dot_times in B. lra.
  - apply back_lengths, nth_In. lia.
  - intros j J. unfold values, point_of. rewrite nth_map_numbers by exact J. unfold times, zero_point.
    rewrite H; [ring|]. apply numbers_from_in. lia.
Qed.

(** Row i of I + AB, applied to s, is s_i - (g_i(x) - g_i(y)). *)
Theorem interaction_of_points : forall m, interaction f = Some m ->
  exists F, 0 < F /\ forall i row, In (i, row) m -> exists r, nth_error (hidden f) (Z.to_nat i) = Some r /\
    output_difference f x y i = relu (affine r x) - relu (affine r y) /\
    idot row (values (output_difference f x y) (numbers_from 0 (hidden f)))
    = F * (output_difference f x y i - (affine r x - affine r y)).
Proof.
  intros m M. destruct (interaction_spec n f m M hidden_lengths back_lengths) as (_ & _ & F & P & S).
  exists F. split; [exact P|]. intros i row I. destruct (S i row I) as (_ & r & N & V). exists r. split; [exact N|]. split.
  - unfold output_difference. rewrite !(nth_output _ _ _ r N). reflexivity.
  - rewrite V. f_equal. unfold Rminus at 1. f_equal. rewrite (dot_same n (normal r) _ (fun l => y l - x l)).
    + rewrite dot_minus. unfold affine. ring.
    + apply hidden_lengths. apply nth_error_In in N. exact N.
    + exact back_difference.
Qed.

End Points.
