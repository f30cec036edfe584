(** Matrices of integers whose rows and columns belong to hidden units: split at a unit, and all principal minors. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Integers Combinations Sums.
From Proof.rules Require Import Blocks.
From Proof.networks Require Import PMatrices.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

(** A matrix: the units of its columns, and its rows, each with its unit. Its entries have the divisor of the next pivot. *)
Record node := Node { units : list Z; matrix : list (Z * list Z); divisor : Z }.

(** What stands in a list at the place of a unit. *)
Fixpoint found {A : Type} (unit : Z) (us : list Z) (l : list A) : option A :=
  match us, l with
  | u :: us', a :: l' => if u =? unit then Some a else found unit us' l'
  | _, _ => None
  end.

Definition entry_at (unit : Z) (us row : list Z) : Z := match found unit us row with Some a => a | None => 0 end.

Definition row_at (unit : Z) (m : list (Z * list Z)) : option (list Z) := found unit (map fst m) (map snd m).

(** A row divided by a positive number, if that leaves no remainder. *)
Definition reduced (d : Z) (row : list Z) : list Z :=
  if 1 <? d then match quotients d row with Some z => z | None => row end else row.

(** The children of a split that have units left: without the unit, and the Schur complement (Bareiss). *)
Definition split_node (nd : node) (unit : Z) : outcome (list node) :=
  match row_at unit (matrix nd) with
  | None => Bad (UnitNotLeft unit)
  | Some pivot_row =>
      let pivot := entry_at unit (units nd) pivot_row in
      if 0 <? pivot then
        let mask := map (fun u => negb (u =? unit)) (units nd) in
        let others := filter (fun r => negb (fst r =? unit)) (matrix nd) in
        let head := cut mask pivot_row in
        match cut mask (units nd) with
        | [] => Good []
        | left_units =>
            Good [Node left_units (map (fun r => (fst r, cut mask (snd r))) others) (divisor nd);
                  Node left_units
                    (map (fun r => (fst r, reduced (divisor nd)
                      (combined pivot (cut mask (snd r)) (entry_at unit (units nd) (snd r)) head))) others) pivot]
        end
      else Bad (MinorNotPositive unit)
  end.

(** All principal minors: the tree that splits at the first unit that is left, again and again. *)
Fixpoint all_positive (size : list Z) (nd : node) : bool :=
  match units nd, size with
  | [], _ => true
  | i :: _, _ :: size' => match split_node nd i with Good children => forallb (all_positive size') children | Bad _ => false end
  | _, [] => false
  end.

Open Scope R_scope.

(** * Entries *)

Lemma entry_at_nil : forall j us, entry_at j us [] = 0%Z.
Proof. intros j [|u us]; reflexivity. Qed.

Lemma entry_at_cons : forall j u us a row, entry_at j (u :: us) (a :: row) = if (u =? j)%Z then a else entry_at j us row.
Proof. intros. unfold entry_at. cbn [found]. destruct (u =? j)%Z; reflexivity. Qed.

Lemma cut_map : forall (f : Z -> bool) us, cut (map f us) us = filter f us.
Proof. induction us as [|u us IH]; [reflexivity|]. cbn [map cut filter]. destruct (f u); rewrite IH; reflexivity. Qed.

Lemma entry_at_cut : forall (f : Z -> bool) j us row, f j = true ->
  entry_at j (filter f us) (cut (map f us) row) = entry_at j us row.
Proof.
  intros f j us row F. revert row. induction us as [|u us IH]; intro row; [reflexivity|]. destruct row as [|a row].
  - rewrite entry_at_nil. destruct (map f (u :: us)) as [|[] l]; apply entry_at_nil.
  - rewrite entry_at_cons. cbn [map cut filter]. destruct (f u) eqn:FU.
    + rewrite entry_at_cons, IH. reflexivity.
    + rewrite IH. destruct (Z.eqb_spec u j) as [->|_]; [congruence|reflexivity].
Qed.

Lemma entry_at_combined : forall j us p y q z,
  entry_at j us (combined p y q z) = (p * entry_at j us y - q * entry_at j us z)%Z.
Proof.
  induction us as [|u us IH]; intros p y q z; [unfold entry_at; cbn [found]; lia|].
  destruct y as [|a y], z as [|b z]; cbn [combined map]; rewrite ?entry_at_cons, ?entry_at_nil.
  - lia.
  - destruct (u =? j)%Z; [lia|]. specialize (IH p [] q z). cbn [combined] in IH. rewrite IH, entry_at_nil. lia.
  - destruct (u =? j)%Z; [lia|]. specialize (IH p y q []). rewrite entry_at_nil in IH.
    replace (combined p y q []) with (map (fun c => p * c)%Z y) in IH by (destruct y; reflexivity). rewrite IH. lia.
  - destruct (u =? j)%Z; [reflexivity|]. apply IH.
Qed.

Lemma entry_at_reduced : forall d row, exists f, 0 < f /\
  forall j us, f * IZR (entry_at j us (reduced d row)) = IZR (entry_at j us row).
Proof.
  intros d row. unfold reduced. destruct (Z.ltb_spec 1 d) as [D|_]; [|exists 1; split; [lra|intros; ring]].
  destruct (quotients d row) as [z|] eqn:Q; [|exists 1; split; [lra|intros; ring]].
  exists (IZR d). split; [apply (IZR_lt 0); lia|]. intros j us. rewrite <- mult_IZR. f_equal. revert us z Q.
  induction row as [|a row IH]; intros us z Q; cbn [quotients] in Q.
  - injection Q as <-. rewrite entry_at_nil. lia.
  - pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r]. destruct (r =? 0)%Z eqn:R; [|discriminate].
    apply Z.eqb_eq in R. destruct (quotients d row) as [rest|]; [|discriminate]. injection Q as <-.
    destruct us as [|u us]; [unfold entry_at; cbn [found]; lia|].
    rewrite !entry_at_cons. destruct (u =? j)%Z; [lia|]. apply IH. reflexivity.
Qed.

Definition row_of (i : Z) (m : list (Z * list Z)) : list Z := match row_at i m with Some row => row | None => [] end.

(** The matrix of a node. *)
Definition entries (nd : node) : square_matrix := fun i j => IZR (entry_at j (units nd) (row_of i (matrix nd))).

Definition well_formed (nd : node) : Prop := map fst (matrix nd) = units nd /\ NoDup (units nd).

(** What a node has to show. *)
Definition positive_minors (nd : node) : Prop := p_matrix (units nd) (entries nd).

Lemma row_at_cons : forall i r m, row_at i (r :: m) = if (fst r =? i)%Z then Some (snd r) else row_at i m.
Proof. reflexivity. Qed.

Lemma row_at_in : forall i m, In i (map fst m) -> exists row, row_at i m = Some row.
Proof.
  induction m as [|r m IH]; intro H; [destruct H|]. rewrite row_at_cons.
  destruct (Z.eqb_spec (fst r) i) as [E|N]; [exists (snd r); reflexivity|].
  apply IH. destruct H as [H|H]; [contradiction|exact H].
Qed.

Lemma in_row_at : forall i row m, NoDup (map fst m) -> In (i, row) m -> row_at i m = Some row.
Proof.
  induction m as [|r m IH]; intros N H; [destruct H|]. cbn [map] in N. inversion N as [|? ? NI N']; subst. rewrite row_at_cons.
  destruct H as [->|H]; [cbn [fst snd]; rewrite Z.eqb_refl; reflexivity|].
  destruct (Z.eqb_spec (fst r) i) as [E|NE]; [|apply IH; assumption].
  destruct NI. rewrite E. apply (in_map fst) in H. exact H.
Qed.

(** Some rows, each changed. *)
Definition changed (f : Z -> bool) (g : list Z -> list Z) (m : list (Z * list Z)) : list (Z * list Z) :=
  map (fun r => (fst r, g (snd r))) (filter (fun r => f (fst r)) m).

Lemma row_at_changed : forall f g i m, f i = true -> row_at i (changed f g m) = option_map g (row_at i m).
Proof.
  intros f g i m F. unfold changed. induction m as [|r m IH]; [reflexivity|]. cbn [filter].
  rewrite row_at_cons. destruct (f (fst r)) eqn:FR.
  - cbn [map]. rewrite row_at_cons. cbn [fst snd]. destruct (fst r =? i)%Z; [reflexivity|exact IH].
  - rewrite IH. destruct (Z.eqb_spec (fst r) i) as [E|_]; [congruence|reflexivity].
Qed.

Lemma units_changed : forall f g m, map fst (changed f g m) = filter f (map fst m).
Proof.
  intros f g m. unfold changed. induction m as [|r m IH]; [reflexivity|]. cbn [filter map].
  destruct (f (fst r)); [cbn [map fst]; rewrite IH; reflexivity|exact IH].
Qed.

Lemma well_formed_changed : forall f g nd d, well_formed nd ->
  well_formed (Node (filter f (units nd)) (changed f g (matrix nd)) d).
Proof.
  intros f g nd d [E N]. split; cbn [units matrix]; [rewrite units_changed, E; reflexivity|apply NoDup_filter, N].
Qed.

Lemma entries_cut : forall f nd d i j, f i = true -> f j = true ->
  entries (Node (filter f (units nd)) (changed f (cut (map f (units nd))) (matrix nd)) d) i j = entries nd i j.
Proof.
  intros f nd d i j I J. unfold entries, row_of. cbn [units matrix]. rewrite row_at_changed by exact I.
  destruct (row_at i (matrix nd)) as [row|]; cbn [option_map]; [rewrite entry_at_cut by exact J; reflexivity|].
  rewrite !entry_at_nil. reflexivity.
Qed.

(** * Splits *)

Theorem split_node_sound : forall nd i children, well_formed nd -> split_node nd i = Good children ->
  (forall c, In c children -> well_formed c) /\ ((forall c, In c children -> positive_minors c) -> positive_minors nd).
Proof.
  intros nd i children W H. unfold split_node in H.
  destruct (row_at i (matrix nd)) as [pivot_row|] eqn:R; [|discriminate].
  destruct (Z.ltb_spec 0 (entry_at i (units nd) pivot_row)) as [P|_]; [|discriminate].
  set (pivot := entry_at i (units nd) pivot_row) in *.
  set (other := fun u => negb (u =? i)%Z). change (map (fun u => negb (u =? i)%Z) (units nd)) with (map other (units nd)) in H.
  set (clear := fun row => reduced (divisor nd) (combined pivot (cut (map other (units nd)) row) (entry_at i (units nd) row)
    (cut (map other (units nd)) pivot_row))).
  set (without := Node (filter other (units nd)) (changed other (cut (map other (units nd))) (matrix nd)) (divisor nd)).
  set (complement := Node (filter other (units nd)) (changed other clear (matrix nd)) pivot).
  assert (C : children = [without; complement] \/ children = [] /\ filter other (units nd) = []).
  { unfold without, complement. rewrite cut_map in H. destruct (filter other (units nd)) as [|u us]; injection H as <-; auto. }
  clear H. assert (O : forall u, In u (filter other (units nd)) -> other u = true) by (intros u U; apply filter_In in U; tauto).
  assert (EI : entries nd i i = IZR pivot) by (unfold entries, row_of; rewrite R; reflexivity).
  assert (I0 : 0 < entries nd i i) by (rewrite EI; apply (IZR_lt 0), P).
  assert (G : p_matrix (filter other (units nd)) (entries nd) -> p_matrix (filter other (units nd)) (schur (entries nd) i) ->
    positive_minors nd).
  { intros A B. apply (p_matrix_incl (i :: filter other (units nd))); [|apply p_matrix_split; assumption].
    intros u U. destruct (Z.eqb_spec u i) as [->|N]; [left; reflexivity|]. right. apply filter_In. split; [exact U|].
    unfold other. apply negb_true_iff, Z.eqb_neq, N. }
  destruct C as [->|[-> E]].
  - split.
    + intros c [<-|[<-|[]]]; apply well_formed_changed, W.
    + intros PC. apply G.
      * apply (p_matrix_scaled _ _ (entries without)); [|apply (PC without); left; reflexivity].
        intros a A. exists 1. split; [lra|]. intros b B. unfold without. rewrite entries_cut by auto. ring.
      * apply (p_matrix_scaled _ _ (entries complement)); [|apply (PC complement); right; left; reflexivity].
        intros a A. destruct (row_at_in a (matrix nd)) as (row & RA).
        { destruct W as [W _]. rewrite W. apply filter_In in A. tauto. }
        destruct (entry_at_reduced (divisor nd) (combined pivot (cut (map other (units nd)) row) (entry_at i (units nd) row)
          (cut (map other (units nd)) pivot_row))) as (f & F & EF).
        exists (IZR pivot / f). split; [apply Rdiv_lt_0_compat; [apply (IZR_lt 0), P|exact F]|]. intros b B.
        unfold entries at 1, row_of, complement. cbn [units matrix]. rewrite row_at_changed, RA by auto. cbn [option_map].
        apply Rmult_eq_reg_l with f; [|lra]. unfold clear. rewrite EF, entry_at_combined, !entry_at_cut by auto.
        unfold schur. rewrite EI. unfold entries, row_of. rewrite R, RA, minus_IZR, !mult_IZR. field.
        split; [apply not_0_IZR; lia|lra].
  - split; [intros c []|]. intros _. apply G; rewrite E; apply p_matrix_nil.
Qed.

Lemma all_positive_sound : forall size nd, well_formed nd -> all_positive size nd = true -> positive_minors nd.
Proof.
  induction size as [|s size IH]; intros nd W H; cbn [all_positive] in H;
    (destruct (units nd) as [|i us] eqn:U; [unfold positive_minors; rewrite U; apply p_matrix_nil|]); [discriminate|].
  destruct (split_node nd i) as [children|] eqn:S; [|discriminate].
  destruct (split_node_sound nd i children W S) as [WC PC]. rewrite forallb_forall in H. apply PC.
  intros c C. apply IH; auto.
Qed.
