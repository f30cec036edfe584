(** Trees of the rule "p-matrix": tokens that show that all principal minors of a matrix of integers are positive. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Combinations Sums.
From Proof.rules Require Import Blocks Gram.
From Proof.networks Require Import PMatrices MinorNodes DefiniteMatrices.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

Inductive minor_token :=
  | SplitAt (unit : Z)
  | Dominant (weights : list Z)
  | Definite (weights : list Z)
  | AllMinors (units : Z).

(** The sum of |a_j| d_j over the units. *)
Fixpoint absolute_sum (us row ds : list Z) : Z :=
  match us, row, ds with
  | _ :: us', a :: row', d :: ds' => Z.abs a * d + absolute_sum us' row' ds'
  | _, _, _ => 0
  end.

(** The first unit whose row is not dominated by its diagonal. *)
Fixpoint not_dominated (us ds : list Z) (m : list (Z * list Z)) : option Z :=
  match m with
  | [] => None
  | (i, row) :: m' =>
      let a := entry_at i us row in
      if (0 <? a) && (absolute_sum us row ds <? 2 * a * entry_at i us ds) then not_dominated us ds m' else Some i
  end.

Definition most_minors : Z := Z.setbit 0 22.

(** What is wrong with the multipliers of a token. *)
Definition weights_fault (nd : node) (ds : list Z) : option reason :=
  let count := Z.of_nat (length ds) in
  let size := Z.of_nat (length (units nd)) in
  if negb (count =? size) then Some (WeightCount count size)
  else if forallb (fun d => 0 <? d) ds then None else Some WrongMultiplier.

(** What a token asks of its node: the children that are left to it, and how many minors have been asked for by now. *)
Definition take_token (minors : Z) (nd : node) (t : minor_token) : outcome (list node * Z) :=
  match t with
  | SplitAt i => match split_node nd i with Good children => Good (children, minors) | Bad why => Bad why end
  | Dominant ds =>
      match weights_fault nd ds with
      | Some why => Bad why
      | None => match not_dominated (units nd) ds (matrix nd) with Some i => Bad (NotDominated i) | None => Good ([], minors) end
      end
  | Definite ds =>
      match weights_fault nd ds with
      | Some why => Bad why
      | None => if is_definite ds (map snd (matrix nd)) then Good ([], minors) else Bad NotDefinite
      end
  | AllMinors s =>
      let size := Z.of_nat (length (units nd)) in
      if s =? size then
        let minors' := minors + Z.setbit 0 s in
        if most_minors <? minors' then Bad TooManyMinors
        else if all_positive (units nd) nd then Good ([], minors') else Bad PrincipalMinor
      else Bad (MinorCount s size)
  end.

(** The nodes that are left, the next one first. *)
Fixpoint walk (minors : Z) (nodes : list node) (tokens : stream minor_token) : outcome Z :=
  match tokens with
  | Done => match nodes with [] => Good minors | _ => Bad TreeEnds end
  | More t tokens' =>
      match nodes with
      | [] => Bad TreeGoesOn
      | nd :: nodes' =>
          match take_token minors nd t with
          | Good (children, minors') => walk minors' (children ++ nodes') tokens'
          | Bad why => Bad why
          end
      end
  end.

(** A tree for a matrix, to its end. *)
Definition read_minor_tree (minors : Z) (root : node) (tokens : stream minor_token) : outcome Z :=
  walk minors (match units root with [] => [] | _ => [root] end) tokens.

Open Scope R_scope.

(** * Dominant matrices *)

Lemma entry_at_positive : forall us ds j, forallb (fun d => 0 <? d)%Z ds = true -> length ds = length us -> In j us ->
  (0 < entry_at j us ds)%Z.
Proof.
  induction us as [|u us IH]; intros [|d ds] j H L J; try discriminate L; [destruct J|].
  cbn [forallb] in H. apply andb_prop in H as [D H]. apply Z.ltb_lt in D. injection L as L. rewrite entry_at_cons.
  destruct (Z.eqb_spec u j) as [E|N]; [exact D|]. apply IH; auto. destruct J as [J|J]; [contradiction|exact J].
Qed.

Lemma sum_other : forall u us (f g : Z -> R), ~ In u us -> (forall j, j <> u -> f j = g j) -> sum us f = sum us g.
Proof. intros u us f g N H. apply sum_ext. intros j J. apply H. intros ->. contradiction. Qed.

Lemma entry_at_other : forall u us a row j, j <> u -> entry_at j (u :: us) (a :: row) = entry_at j us row.
Proof. intros u us a row j N. rewrite entry_at_cons. destruct (Z.eqb_spec u j); [congruence|reflexivity]. Qed.

Lemma absolute_sum_spec : forall us row ds, NoDup us ->
  IZR (absolute_sum us row ds) = sum us (fun j => Rabs (IZR (entry_at j us row)) * IZR (entry_at j us ds)).
Proof.
  induction us as [|u us IH]; intros row ds N; [reflexivity|]. inversion N as [|? ? NI N']; subst.
  destruct row as [|a row]; [|destruct ds as [|d ds]].
  - cbn [absolute_sum]. rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|].
    intros j _. rewrite entry_at_nil, Rabs_R0. ring.
  - cbn [absolute_sum]. rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|]. intros j _. rewrite entry_at_nil. ring.
  - cbn [absolute_sum]. rewrite plus_IZR, mult_IZR, abs_IZR, IH by exact N'. rewrite sum_cons, !entry_at_cons, Z.eqb_refl.
    f_equal. apply (sum_other u); [exact NI|]. intros j J. rewrite !entry_at_other by exact J. reflexivity.
Qed.

Lemma sum_single : forall us (a : Z) c, NoDup us -> In a us -> sum us (fun b => if Z.eq_dec a b then c else 0) = c.
Proof.
  induction us as [|u us IH]; intros a c N A; [destruct A|]. inversion N as [|? ? NI N']; subst. rewrite sum_cons.
  destruct (Z.eq_dec a u) as [->|NE].
  - rewrite (sum_other u us _ (fun _ => 0)), sum_zero; [ring|exact NI|].
    intros j J. destruct (Z.eq_dec u j); [congruence|reflexivity].
  - destruct A as [A|A]; [congruence|]. rewrite IH by assumption. ring.
Qed.

Lemma not_dominated_none : forall us ds m, not_dominated us ds m = None -> forall i row, In (i, row) m ->
  (0 < entry_at i us row /\ absolute_sum us row ds < 2 * entry_at i us row * entry_at i us ds)%Z.
Proof.
  induction m as [|[k r] m IH]; intros H i row I; [destruct I|]. cbn [not_dominated] in H.
  destruct (_ && _)%bool eqn:D in H; [|discriminate]. destruct I as [I|I]; [|apply (IH H i row I)].
  injection I as <- <-. apply andb_prop in D as [A B]. split; apply Z.ltb_lt; assumption.
Qed.

Lemma rows_in : forall nd a, well_formed nd -> In a (units nd) ->
  exists row, In (a, row) (matrix nd) /\ row_of a (matrix nd) = row.
Proof.
  intros nd a [E N] A. rewrite <- E in A. apply in_map_iff in A as ([k row] & K & I). cbn [fst] in K. subst k.
  exists row. split; [exact I|]. unfold row_of. rewrite (in_row_at a row); [reflexivity|rewrite E; exact N|exact I].
Qed.

Lemma dominant_sound : forall nd ds, well_formed nd -> length ds = length (units nd) -> forallb (fun d => 0 <? d)%Z ds = true ->
  not_dominated (units nd) ds (matrix nd) = None -> positive_minors nd.
Proof.
  intros nd ds W L D H. set (d := fun j => IZR (entry_at j (units nd) ds)).
  assert (DP : forall a, In a (units nd) -> 0 < d a).
  { intros a A. apply (IZR_lt 0). apply entry_at_positive; assumption. }
  apply (dominated_p_matrix _ d); [apply W|exact DP|]. intros a A. destruct (rows_in nd a W A) as (row & I & RO).
  destruct (not_dominated_none _ _ _ H a row I) as [P B]. apply (IZR_lt 0) in P. apply IZR_lt in B.
  rewrite absolute_sum_spec, !mult_IZR in B by apply W.
  rewrite (sum_ext _ _ _ (fun b => Rabs (IZR (entry_at b (units nd) row)) * d b
    + if Z.eq_dec a b then - (2 * (entries nd a a * d a)) else 0)).
  - rewrite sum_plus, sum_single by (try exact A; apply W). unfold entries at 1. rewrite RO. fold (d a) in B.
    apply Rlt_le_trans with (2 * IZR (entry_at a (units nd) row) * d a + - (2 * (IZR (entry_at a (units nd) row) * d a)));
      [|right; ring]. apply Rplus_lt_compat_r. exact B.
  - intros b _. unfold signed_entry, entries. rewrite RO. destruct (Z.eq_dec a b) as [<-|_]; [|ring].
    rewrite Rabs_pos_eq by lra. ring.
Qed.

(** * Definite matrices *)

Lemma idot_units : forall us row x, NoDup us ->
  idot row (point_of (map x us)) = sum us (fun b => IZR (entry_at b us row) * x b).
Proof.
  induction us as [|u us IH]; intros row x N.
  - unfold sum. cbn [fold_right]. apply idot_zero_point. intros j _. destruct j; reflexivity.
  - inversion N as [|? ? NI N']; subst. destruct row as [|a row].
    + rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|]. intros b _. rewrite entry_at_nil. ring.
    + rewrite sum_cons, entry_at_cons, Z.eqb_refl. cbn [idot map]. f_equal.
      change (idot row (point_of (map x us)) = sum us (fun b => IZR (entry_at b (u :: us) (a :: row)) * x b)).
      rewrite IH by exact N'. apply (sum_other u); [exact NI|]. intros j J. rewrite entry_at_other by exact J. reflexivity.
Qed.

Lemma weighted_form_units : forall m ds x w, NoDup (map fst m) ->
  weighted_form ds (map snd m) (point_of (map x (map fst m))) w
  = sum (map fst m) (fun a => IZR (entry_at a (map fst m) ds) * x a * idot (row_of a m) w).
Proof.
  induction m as [|[i row] m IH]; intros ds x w N; cbn [map fst snd] in *; [destruct ds; reflexivity|].
  inversion N as [|? ? NI N']; subst. destruct ds as [|d ds].
  - rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|]. intros b _. rewrite entry_at_nil. ring.
  - rewrite sum_cons, entry_at_cons, Z.eqb_refl. cbn [weighted_form].
    change (fun j => point_of (x i :: map x (map fst m)) (S j)) with (point_of (map x (map fst m))).
    rewrite IH by exact N'. f_equal.
    + unfold row_of. rewrite row_at_cons. cbn [fst snd]. rewrite Z.eqb_refl. reflexivity.
    + apply (sum_other i); [exact NI|]. intros j J. rewrite entry_at_other by exact J. unfold row_of. rewrite row_at_cons.
      cbn [fst snd]. destruct (Z.eqb_spec i j); [congruence|reflexivity].
Qed.

Lemma definite_sound : forall nd ds, well_formed nd -> length ds = length (units nd) -> forallb (fun d => 0 <? d)%Z ds = true ->
  is_definite ds (map snd (matrix nd)) = true -> positive_minors nd.
Proof.
  intros nd ds W L D H. destruct W as [E N]. set (d := fun j => IZR (entry_at j (units nd) ds)).
  apply (definite_p_matrix _ d); [exact N| |].
  { intros a A. apply (IZR_lt 0). apply entry_at_positive; assumption. }
  intros x (a & A & X). set (v := point_of (map x (units nd))). destruct (is_definite_sound _ _ H v) as [F Z0].
  assert (FE : form (symmetric_part ds (map snd (matrix nd))) v
    = 2 * sum (units nd) (fun a => d a * x a * applied (units nd) (entries nd) x a)).
  { rewrite form_symmetric_part. f_equal. unfold v at 1. rewrite <- E at 1.
    rewrite weighted_form_units by (rewrite E; exact N). rewrite E. apply sum_ext. intros b _. unfold d. f_equal.
    unfold v. rewrite idot_units by exact N. reflexivity. }
  destruct F as [F|F]; [lra|exfalso]. apply X.
  destruct (In_nth _ _ 0%Z A) as (k & K & NK).
  assert (V := Z0 (eq_sym F) k). rewrite symmetric_part_length, map_length, <- (map_length fst), E in V.
  - specialize (V K). unfold v, point_of in V. rewrite (nth_indep _ 0 (x 0%Z)) in V by (rewrite map_length; exact K).
    rewrite map_nth, NK in V. exact V.
  - rewrite map_length, <- (map_length fst), E. exact L.
Qed.

(** * The walk *)

Lemma take_token_sound : forall minors nd t children minors',
  take_token minors nd t = Good (children, minors') -> well_formed nd ->
  (forall c, In c children -> well_formed c) /\ ((forall c, In c children -> positive_minors c) -> positive_minors nd).
Proof.
  intros minors nd t children minors' H W.
  assert (WF : forall ds, weights_fault nd ds = None -> length ds = length (units nd) /\ forallb (fun d => 0 <? d)%Z ds = true).
  { intros ds B. unfold weights_fault in B. destruct (negb _) eqn:L in B; [discriminate|].
    destruct (forallb _ ds); [|discriminate]. apply negb_false_iff, Z.eqb_eq in L. split; [lia|reflexivity]. }
  assert (G : children = [] -> positive_minors nd ->
    (forall c, In c children -> well_formed c) /\ ((forall c, In c children -> positive_minors c) -> positive_minors nd)).
  { intros -> P. split; [intros c []|intros _; exact P]. }
  destruct t as [i|ds|ds|s]; cbn [take_token] in H.
  - destruct (split_node nd i) as [cs|] eqn:S; [|discriminate]. injection H as <- _. apply (split_node_sound nd i cs W S).
  - destruct (weights_fault nd ds) eqn:F; [discriminate|]. destruct (WF ds F) as [L D].
    destruct (not_dominated (units nd) ds (matrix nd)) eqn:N; [discriminate|]. injection H as <- _.
    apply G; [reflexivity|]. apply (dominant_sound nd ds); auto.
  - destruct (weights_fault nd ds) eqn:F; [discriminate|]. destruct (WF ds F) as [L D].
    destruct (is_definite ds (map snd (matrix nd))) eqn:N; [|discriminate]. injection H as <- _.
    apply G; [reflexivity|]. apply (definite_sound nd ds); auto.
  - destruct (s =? _)%Z; [|discriminate]. destruct (most_minors <? _)%Z; [discriminate|].
    destruct (all_positive (units nd) nd) eqn:N; [|discriminate]. injection H as <- _.
    apply G; [reflexivity|]. apply (all_positive_sound (units nd) nd W N).
Qed.

Lemma walk_sound : forall tokens minors nodes result, walk minors nodes tokens = Good result ->
  (forall nd, In nd nodes -> well_formed nd) -> forall nd, In nd nodes -> positive_minors nd.
Proof.
  induction tokens as [|t tokens IH]; intros minors nodes result H W; destruct nodes as [|first nodes]; cbn [walk] in H;
    try discriminate; [intros nd []|].
  destruct (take_token minors first t) as [[children minors']|] eqn:T; [|discriminate].
  destruct (take_token_sound _ _ _ _ _ T (W first (or_introl eq_refl))) as [WC PC].
  assert (A : forall nd, In nd (children ++ nodes) -> positive_minors nd).
  { apply (IH _ _ _ H). intros nd I. apply in_app_or in I as [I|I]; [apply WC, I|apply W; right; exact I]. }
  intros nd [<-|I]; [|apply A, in_or_app; right; exact I]. apply PC. intros c C. apply A, in_or_app. left. exact C.
Qed.

Theorem read_minor_tree_sound : forall minors root tokens result, read_minor_tree minors root tokens = Good result ->
  well_formed root -> positive_minors root.
Proof.
  intros minors root tokens result H W. unfold read_minor_tree in H. destruct (units root) as [|u us] eqn:U.
  - unfold positive_minors. rewrite U. apply p_matrix_nil.
  - apply (walk_sound tokens minors [root] result H); [intros nd [<-|[]]; exact W|left; reflexivity].
Qed.
