(** Positive dependencies of vectors (docs/certificates-network.md): one linear dependency up to a factor, with positive coefficients.

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
