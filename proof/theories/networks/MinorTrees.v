(** Trees of the rule "p-matrix": tokens that show that all principal minors of a matrix of integers are positive. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Tables Combinations Sums.
From Proof.rules Require Import Blocks Gram.
From Proof.networks Require Import PMatrices.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

Inductive minor_token :=
  | SplitAt (unit : Z)
  | Dominant (weights : list Z)
  | Definite (weights : list Z)
  | AllMinors (units : Z).

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

Fixpoint products_of (y z : list Z) : list Z :=
  match y, z with
  | a :: y', b :: z' => a * b :: products_of y' z'
  | _, _ => []
  end.

(** Row i of d_i S_ij + d_j S_ji, from the diagonal on. *)
Fixpoint symmetric_part (ds : list Z) (rows : list (list Z)) : triangle :=
  match ds, rows with
  | d :: ds', row :: rows' =>
      (2 * d * hd 0 row :: added (map (fun a => d * a) (tl row)) 1 (products_of ds' (map (hd 0) rows')))
      :: symmetric_part ds' (map (@tl Z) rows')
  | _, _ => []
  end.

Definition diagonal_positive (T : triangle) : bool := forallb (fun t => 0 <? hd 0 t) T.

(** All pivots of the elimination are positive; the last one divides the new entries (Bareiss). *)
Fixpoint pivots_positive (size : list Z) (d : Z) (T : triangle) : bool :=
  match T, size with
  | [], _ => true
  | (p :: r) :: T', _ :: size' =>
      (0 <? p) && pivots_positive size' p (divided_triangle d (combined_triangles p T' 1 (outer_square 1 r)))
  | _, _ => false
  end.

Definition is_definite (us ds : list Z) (m : list (Z * list Z)) : bool :=
  let T := symmetric_part ds (map snd m) in
  diagonal_positive T && pivots_positive us 1 T.

(** All principal minors: the tree that splits at the first unit that is left, again and again. *)
Fixpoint all_positive (size : list Z) (nd : node) : bool :=
  match units nd, size with
  | [], _ => true
  | i :: _, _ :: size' => match split_node nd i with Good children => forallb (all_positive size') children | Bad _ => false end
  | _, [] => false
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
      | None => if is_definite (units nd) ds (matrix nd) then Good ([], minors) else Bad NotDefinite
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

Lemma well_formed_changed : forall f g nd d, well_formed nd -> well_formed (Node (filter f (units nd)) (changed f g (matrix nd)) d).
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
  - cbn [absolute_sum]. rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|]. intros j _. rewrite entry_at_nil, Rabs_R0. ring.
  - cbn [absolute_sum]. rewrite (sum_ext _ _ _ (fun _ => 0)), sum_zero; [reflexivity|]. intros j _. rewrite entry_at_nil. ring.
  - cbn [absolute_sum]. rewrite plus_IZR, mult_IZR, abs_IZR, IH by exact N'. rewrite sum_cons, !entry_at_cons, Z.eqb_refl.
    f_equal. apply (sum_other u); [exact NI|]. intros j J. rewrite !entry_at_other by exact J. reflexivity.
Qed.

Lemma sum_single : forall us (a : Z) c, NoDup us -> In a us -> sum us (fun b => if Z.eq_dec a b then c else 0) = c.
Proof.
  induction us as [|u us IH]; intros a c N A; [destruct A|]. inversion N as [|? ? NI N']; subst. rewrite sum_cons.
  destruct (Z.eq_dec a u) as [->|NE].
  - rewrite (sum_other u us _ (fun _ => 0)), sum_zero; [ring|exact NI|]. intros j J. destruct (Z.eq_dec u j); [congruence|reflexivity].
  - destruct A as [A|A]; [congruence|]. rewrite IH by assumption. ring.
Qed.

Lemma not_dominated_none : forall us ds m, not_dominated us ds m = None -> forall i row, In (i, row) m ->
  (0 < entry_at i us row /\ absolute_sum us row ds < 2 * entry_at i us row * entry_at i us ds)%Z.
Proof.
  induction m as [|[k r] m IH]; intros H i row I; [destruct I|]. cbn [not_dominated] in H.
  destruct ((0 <? entry_at k us r)%Z && (absolute_sum us r ds <? 2 * entry_at k us r * entry_at k us ds)%Z)%bool eqn:D; [|discriminate].
  destruct I as [I|I]; [injection I as <- <-; apply andb_prop in D as [A B]; split; apply Z.ltb_lt; assumption|apply (IH H i row I)].
Qed.

Lemma rows_in : forall nd a, well_formed nd -> In a (units nd) -> exists row, In (a, row) (matrix nd) /\ row_of a (matrix nd) = row.
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

(** * Definite forms *)

(** The sum of d_i v_i <row_i, w>. *)
Fixpoint weighted_form (ds : list Z) (rows : list (list Z)) (v w : point) : R :=
  match ds, rows with
  | d :: ds', row :: rows' => IZR d * v 0%nat * idot row w + weighted_form ds' rows' (fun j => v (S j)) w
  | _, _ => 0
  end.

Lemma weighted_form_heads : forall ds rows v w, weighted_form ds rows v w
  = w 0%nat * idot (products_of ds (map (hd 0%Z) rows)) v + weighted_form ds (map (@tl Z) rows) v (fun j => w (S j)).
Proof.
  induction ds as [|d ds IH]; intros [|row rows] v w; cbn [weighted_form products_of map idot]; try ring.
  rewrite IH, mult_IZR. destruct row as [|a row]; cbn [hd tl idot]; ring.
Qed.

Lemma form_symmetric_part : forall ds rows v, form (symmetric_part ds rows) v = 2 * weighted_form ds rows v v.
Proof.
  induction ds as [|d ds IH]; intros [|row rows] v; cbn [symmetric_part form weighted_form]; try ring.
  rewrite IH, (weighted_form_heads ds rows _ v). unfold row_form. cbn [hd idot].
  rewrite idot_added, idot_scaled, !mult_IZR. destruct row as [|a row]; cbn [hd tl idot]; ring.
Qed.

Lemma idot_zero_point : forall w (x : point), (forall j, (j < length w)%nat -> x j = 0) -> idot w x = 0.
Proof.
  intros w x H. rewrite (idot_ext w x (times 0 zero_point)); [rewrite idot_times; ring|].
  intros j J. rewrite (H j J). unfold times. ring.
Qed.

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

Lemma combined_triangles_length : forall T p q U, (length T <= length (combined_triangles p T q U))%nat /\
  (length U <= length (combined_triangles p T q U))%nat.
Proof.
  induction T as [|t T IH]; intros p q [|u U]; cbn [combined_triangles length]; rewrite ?map_length; cbn [length]; try lia.
  destruct (IH p q U). lia.
Qed.

Lemma divided_triangle_length : forall d T, length (divided_triangle d T) = length T.
Proof.
  intros d T. unfold divided_triangle. destruct (1 <? d)%Z; [|reflexivity]. destruct (all_quotients d T) as [U|] eqn:Q; [|reflexivity].
  revert U Q. induction T as [|t T IH]; intros U Q; cbn [all_quotients] in Q; [injection Q as <-; reflexivity|].
  destruct (quotients d t); [|discriminate]. destruct (all_quotients d T) as [V|]; [|discriminate]. injection Q as <-.
  cbn [length]. rewrite (IH V eq_refl). reflexivity.
Qed.

Lemma outer_square_length : forall k w, length (outer_square k w) = length w.
Proof. induction w as [|a w IH]; cbn [outer_square length]; [reflexivity|]. rewrite IH. reflexivity. Qed.

(** The form is at least 0, and 0 only at 0. *)
Lemma pivots_positive_sound : forall size d T, pivots_positive size d T = true -> forall v,
  0 <= form T v /\ (form T v = 0 -> forall j, (j < length T)%nat -> v j = 0).
Proof.
  induction size as [|s size IH]; intros d T H v; destruct T as [|[|p r] T]; cbn [pivots_positive] in H; try discriminate;
    try (cbn [form length]; split; [lra|intros; lia]).
  apply andb_prop in H as [P H]. apply Z.ltb_lt, (IZR_lt 0) in P.
  set (T' := divided_triangle d (combined_triangles p T 1 (outer_square 1 r))) in H.
  set (v0 := v 0%nat). set (u := fun j => v (S j)).
  destruct (IH p T' H u) as [Q Z0]. destruct (form_divided d (combined_triangles p T 1 (outer_square 1 r))) as (f & F & E).
  specialize (E u). fold T' in E. rewrite form_combined, form_outer_square in E.
  set (t := IZR p * v0 + idot r u).
  assert (EF : IZR p * form ((p :: r) :: T) v = t * t + f * form T' u).
  { rewrite E. cbn [form]. unfold row_form. cbn [hd idot]. fold u v0. unfold t. ring. }
  assert (T0 : 0 <= t * t) by apply Rle_0_sqr. assert (F0 : 0 <= f * form T' u) by (apply Rmult_le_pos; lra).
  split; [apply Rmult_le_reg_l with (IZR p); lra|].
  intros V. rewrite V, Rmult_0_r in EF.
  assert (FT : form T' u = 0) by (apply Rmult_eq_reg_l with f; lra). specialize (Z0 FT).
  assert (LT := combined_triangles_length T p 1 (outer_square 1 r)). rewrite outer_square_length in LT.
  unfold T' in Z0. rewrite divided_triangle_length in Z0.
  assert (R0 : idot r u = 0) by (apply idot_zero_point; intros j J; apply Z0; lia).
  intros [|j] J; [|cbn [length] in J; apply Z0; lia].
  assert (TZ : t = 0) by (apply Rsqr_0_uniq; unfold Rsqr; lra). unfold t in TZ. rewrite R0 in TZ. fold v0.
  apply Rmult_eq_reg_l with (IZR p); lra.
Qed.

Lemma symmetric_part_length : forall ds rows, length ds = length rows -> length (symmetric_part ds rows) = length rows.
Proof.
  induction ds as [|d ds IH]; intros [|row rows] L; try discriminate L; [reflexivity|]. injection L as L.
  cbn [symmetric_part length]. rewrite IH; rewrite map_length; auto.
Qed.

Lemma definite_sound : forall nd ds, well_formed nd -> length ds = length (units nd) -> forallb (fun d => 0 <? d)%Z ds = true ->
  is_definite (units nd) ds (matrix nd) = true -> positive_minors nd.
Proof.
  intros nd ds W L D H. destruct W as [E N]. set (d := fun j => IZR (entry_at j (units nd) ds)).
  apply (definite_p_matrix _ d); [exact N| |].
  { intros a A. apply (IZR_lt 0). apply entry_at_positive; assumption. }
  unfold is_definite in H. apply andb_prop in H as [_ H]. intros x (a & A & X).
  set (v := point_of (map x (units nd))). destruct (pivots_positive_sound _ _ _ H v) as [F Z0].
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

Lemma take_token_sound : forall minors nd t children minors', take_token minors nd t = Good (children, minors') -> well_formed nd ->
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
    destruct (is_definite (units nd) ds (matrix nd)) eqn:N; [|discriminate]. injection H as <- _.
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
