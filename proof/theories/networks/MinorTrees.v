(** Trees of the rule "p-matrix": tokens that show that all principal minors of a matrix of integers are positive. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Streams Integers Tables Combinations Sums.
From Proof.rules Require Import Blocks Gram.
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

(** What a token asks of its node: the children that are left to it, and how many minors have been asked for by now. *)
Definition take_token (minors : Z) (nd : node) (t : minor_token) : outcome (list node * Z) :=
  let weighted (ds : list Z) (answer : outcome (list node * Z)) :=
    if negb (Z.of_nat (length ds) =? Z.of_nat (length (units nd)))
    then Bad (WeightCount (Z.of_nat (length ds)) (Z.of_nat (length (units nd))))
    else if forallb (fun d => 0 <? d) ds then answer else Bad WrongMultiplier in
  match t with
  | SplitAt i => match split_node nd i with Good children => Good (children, minors) | Bad why => Bad why end
  | Dominant ds =>
      weighted ds
        (match not_dominated (units nd) ds (matrix nd) with Some i => Bad (NotDominated i) | None => Good ([], minors) end)
  | Definite ds => weighted ds (if is_definite (units nd) ds (matrix nd) then Good ([], minors) else Bad NotDefinite)
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
