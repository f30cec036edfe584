(** Positive dependencies of vectors (docs/certificates-network.md): one linear dependency up to a factor, and all its
    coefficients are positive.

    The elimination finds the coefficients, and the sum is computed anew: that the dependency is the only one is what the
    specification asks for, and nothing rests on it. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains Elimination.
Import ListNotations.
Open Scope Z_scope.

(** The unit vectors of length n. *)
Fixpoint identity (n : nat) : list (list Z) :=
  match n with O => [] | S n' => (1 :: repeat 0 n') :: map (fun y => 0 :: y) (identity n') end.

(** A basis of the vectors that are orthogonal to all rows. A row of another length says nothing. *)
Fixpoint kernel (columns : nat) (rows : list (list Z)) (Y : list (list Z)) (divisor : Z) : list (list Z) :=
  match Y, rows with
  | [], _ => []
  | _, [] => Y
  | _, w :: rows' =>
      match (if has_length columns w then annihilator Y divisor w else None) with
      | Some (Y', divisor') => kernel columns rows' Y' divisor'
      | None => kernel columns rows' Y divisor
      end
  end.

Definition kernel_of (columns : nat) (rows : list (list Z)) : list (list Z) := kernel columns rows (identity columns) 1.

(** The first k columns. *)
Fixpoint transposed (k : nat) (vectors : list (list Z)) : list (list Z) :=
  match k with O => [] | S k' => map (hd 0) vectors :: transposed k' (map (@tl Z) vectors) end.

(** The sum of the vectors with these coefficients. *)
Fixpoint combination (coefficients : list Z) (vectors : list (list Z)) : list Z :=
  match coefficients, vectors with
  | k :: coefficients', v :: vectors' => added (combination coefficients' vectors') k v
  | _, _ => []
  end.

Definition all_zero (z : list Z) : bool := forallb (fun a => a =? 0) z.
Definition all_positive (z : list Z) : bool := forallb (fun a => 0 <? a) z.

(** One positive coefficient for each vector, if only one choice is possible. *)
Definition coefficients_of (vectors : list (list Z)) : option (list Z) :=
  match vectors with
  | [] => None
  | v :: _ =>
      match kernel_of (length vectors) (transposed (length v) vectors) with
      | [c] =>
          let c := if 0 <? hd 0 c then c else map Z.opp c in
          if all_positive c && has_length (length vectors) c then Some c else None
      | _ => None
      end
  end.

Definition positive_dependency (vectors : list (list Z)) : bool :=
  match coefficients_of vectors with Some c => all_zero (combination c vectors) | None => false end.

Open Scope R_scope.

(** * The kernel *)

Lemma product_repeat : forall w k, product w (repeat 0%Z k) = 0%Z.
Proof. induction w as [|a w IH]; intros [|k]; simpl; try reflexivity. rewrite IH. lia. Qed.

Lemma products_identity : forall w, products w (identity (length w)) = w.
Proof.
  induction w as [|a w IH]; [reflexivity|]. cbn [length identity products map product]. f_equal.
  - rewrite product_repeat. lia.
  - rewrite map_map. etransitivity; [|exact IH]. unfold products. apply map_ext. intro y. cbn [product]. lia.
Qed.

Lemma kernel_spans : forall n v rows Y divisor,
  (forall w, In w rows -> length w = n -> idot w v = 0) -> Spanned n Y v -> Spanned n (kernel n rows Y divisor) v.
Proof.
  induction rows as [|w rows IH]; intros Y divisor Z S; (destruct Y as [|y Y]; [exact S|]); [exact S|]. cbn [kernel].
  assert (Z' : forall u, In u rows -> length u = n -> idot u v = 0) by (intros u U; apply Z; right; exact U).
  destruct (has_length n w) eqn:L; [|apply IH; assumption]. apply has_length_spec in L.
  destruct (annihilator (y :: Y) divisor w) as [[Y' divisor']|] eqn:A; [|apply IH; assumption].
  apply IH; [exact Z'|]. apply (annihilator_spans n (y :: Y) divisor w Y' divisor' v A L S). apply Z; [left; reflexivity|exact L].
Qed.

(** Every vector that is orthogonal to the rows is a combination of the basis. *)
Theorem kernel_of_spans : forall n rows v,
  (forall w, In w rows -> length w = n -> idot w v = 0) -> Spanned n (kernel_of n rows) v.
Proof.
  intros n rows v Z. apply kernel_spans; [exact Z|]. exists v. intros w <-. rewrite products_identity. reflexivity.
Qed.

(** * Combinations *)

Lemma idot_nothing : forall w x, (forall j, x j = 0) -> idot w x = 0.
Proof.
  induction w as [|a w IH]; intros x X; [reflexivity|]. cbn [idot]. rewrite X, IH by (intro j; apply X). ring.
Qed.

(** At a point the combination is that of the values. *)
Lemma combination_value : forall cs vectors p,
  idot (combination cs vectors) p = idot cs (fun j => idot (nth j vectors []) p).
Proof.
  induction cs as [|k cs IH]; intros [|v vectors] p; try reflexivity.
  - symmetry. apply (idot_nothing (k :: cs)). intros [|j]; reflexivity.
  - cbn [combination]. rewrite idot_added, IH. cbn [idot nth]. ring.
Qed.

Lemma all_zero_value : forall z p, all_zero z = true -> idot z p = 0.
Proof. intros z p H. apply zeros_idot, H. Qed.

(** A combination with positive coefficients of numbers that are not negative: if it is not positive, all are 0. *)
Lemma positive_total : forall cs x, all_positive cs = true -> (forall j, (j < length cs)%nat -> 0 <= x j) ->
  0 <= idot cs x /\ (idot cs x <= 0 -> forall j, (j < length cs)%nat -> x j = 0).
Proof.
  induction cs as [|k cs IH]; intros x P X.
  - split; [simpl; lra|]. intros _ j J. simpl in J. lia.
  - cbn [all_positive forallb] in P. apply andb_prop in P as [P0 P]. apply Z.ltb_lt, IZR_lt in P0.
    destruct (IH (fun j => x (S j)) P) as [A B]; [intros j J; apply X; simpl; lia|].
    assert (X0 := X 0%nat ltac:(simpl; lia)). assert (M := Rmult_le_pos _ _ (Rlt_le _ _ P0) X0).
    cbn [idot]. split; [lra|]. intros T [|j] J.
    + assert (E : IZR k * x 0%nat = 0) by lra. apply Rmult_integral in E. lra.
    + apply B; [lra|]. simpl in J. lia.
Qed.

Lemma coefficients_of_spec : forall vectors cs, coefficients_of vectors = Some cs ->
  all_positive cs = true /\ length cs = length vectors.
Proof.
  intros vectors cs H. unfold coefficients_of in H. destruct vectors as [|v vectors']; [discriminate|].
  destruct (kernel_of _ _) as [|c [|c' Y]]; try discriminate.
  set (d := if (0 <? hd 0 c)%Z then c else map Z.opp c) in H. cbv zeta in H.
  destruct (all_positive d && has_length (length (v :: vectors')) d)%bool eqn:E; [|discriminate].
  injection H as <-. apply andb_prop in E as [P L]. split; [exact P|]. apply has_length_spec, L.
Qed.

(** Where all functions of a positive dependency are at least 0, all are 0. *)
Theorem positive_dependency_sound : forall vectors p, positive_dependency vectors = true ->
  (forall v, In v vectors -> 0 <= idot v p) -> forall v, In v vectors -> idot v p = 0.
Proof.
  intros vectors p H N v V. unfold positive_dependency in H.
  destruct (coefficients_of vectors) as [cs|] eqn:C; [|discriminate].
  apply coefficients_of_spec in C as [P L]. apply (all_zero_value _ p) in H. rewrite combination_value in H.
  apply (In_nth _ _ []) in V as (j & J & <-).
  destruct (positive_total cs (fun j => idot (nth j vectors []) p) P) as [_ B].
  - intros i I. apply N, nth_In. lia.
  - apply B; [lra|]. lia.
Qed.

(** The same for values at the vectors of a basis, in place of coordinates. *)
Theorem positive_dependency_spanned : forall n Y forms v, positive_dependency (map (fun form => products form Y) forms) = true ->
  Spanned n Y v -> (forall form, In form forms -> length form = n) ->
  (forall form, In form forms -> 0 <= idot form v) -> forall form, In form forms -> idot form v = 0.
Proof.
  intros n Y forms v H (c & C) L N form F. rewrite (C form (L form F)).
  apply (positive_dependency_sound _ c H).
  - intros u U. apply in_map_iff in U as (f & <- & I). rewrite <- C by (apply L, I). apply N, I.
  - apply in_map_iff. exists form. auto.
Qed.
