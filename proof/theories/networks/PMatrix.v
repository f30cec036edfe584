(** Rule "p-matrix": all principal minors of I + AB are positive, after units that keep their sign have been taken out,
    so the block x + B ReLU(Ax + b) is injective. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Tables Combinations Sums.
From Proof.rules Require Import Blocks.
From Proof.networks Require Import MinorTrees.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

Record minor_block := MinorBlock { block_units : list Z; block_tokens : stream minor_token }.

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

(** The set with the units of the list; None if one is not among the first k, or there already. *)
Fixpoint with_units (k : Z) (seen : Z) (us : list Z) : option Z :=
  match us with
  | [] => Some seen
  | i :: us' => if (0 <=? i) && (i <? k) && negb (member seen i) then with_units k (with_member seen i) us' else None
  end.

Definition keeps_sign (n : nat) (IK : integer_domain) (active : bool) (r : row) : bool :=
  match integer_row_of n 0 r with
  | Some z =>
      if active then nonnegative IK (weights z) (constant z)
      else nonnegative IK (map Z.opp (weights z)) (- constant z)
  | None => false
  end.

(** The first unit of a list that is not shown to keep its sign. *)
Fixpoint without_sign (n : nat) (IK : integer_domain) (rows : table row) (active : bool) (us : list Z) : option Z :=
  match us with
  | [] => None
  | i :: us' =>
      match entry rows i with
      | Some r => if keeps_sign n IK active r then without_sign n IK rows active us' else Some i
      | None => Some i
      end
  end.

(** The first row that is not 0 at its head, with a positive one, and the other rows. *)
Fixpoint pivot_row (rows : list (list Z)) : option (list Z * list (list Z)) :=
  match rows with
  | [] => None
  | row :: rows' =>
      if 0 <? hd 0 row then Some (row, rows')
      else if hd 0 row <? 0 then Some (map Z.opp row, rows')
      else match pivot_row rows' with Some (r, rest) => Some (r, row :: rest) | None => None end
  end.

(** A row without its head, by the pivot row. *)
Definition eliminated (d : Z) (pivot row : list Z) : list Z := reduced d (combined (hd 0 pivot) (tl row) (hd 0 row) (tl pivot)).

(** One column after the other, by rows of the active units; the last pivot divides the new entries (Bareiss). *)
Fixpoint eliminate (active : list Z) (d : Z) (heads : list (list Z)) (others : list (Z * list Z))
  : outcome (list (Z * list Z) * Z) :=
  match active with
  | [] => Good (others, d)
  | _ :: active' =>
      match pivot_row heads with
      | None => Bad SingularSigns
      | Some (pivot, rest) =>
          eliminate active' (hd 0 pivot) (map (eliminated d pivot) rest)
            (map (fun r => (fst r, eliminated d pivot (snd r))) others)
      end
  end.

(** What is left of a matrix for the other units, when the active ones are eliminated: a positive multiple of N. *)
Definition remaining (all : list Z) (active other : Z -> bool) (m : list (Z * list Z)) : outcome node :=
  let first := map active all in
  let second := map other all in
  let arranged row := cut first row ++ cut second row in
  match eliminate (filter active all) 1
    (map (fun r => arranged (snd r)) (filter (fun r => active (fst r)) m))
    (map (fun r => (fst r, arranged (snd r))) (filter (fun r => other (fst r)) m)) with
  | Good (rows, d) => Good (Node (filter other all) rows d)
  | Bad why => Bad why
  end.

(** The first unit of a set at which a row is not 0. *)
Fixpoint first_nonzero (known : Z) (us row : list Z) : option Z :=
  match us, row with
  | j :: us', a :: row' => if member known j && negb (a =? 0) then Some j else first_nonzero known us' row'
  | _, _ => None
  end.

(** The first row and column of units of a block and of earlier ones at which the matrix is not 0. *)
Fixpoint not_triangular (known : Z) (us : list Z) (m : list (Z * list Z)) : option (Z * Z) :=
  match m with
  | [] => None
  | (i, row) :: m' => match first_nonzero known us row with Some j => Some (i, j) | None => not_triangular known us m' end
  end.

(** The set with the units of a block; None if one is not left, or there already. *)
Fixpoint with_block (all : Z) (known seen : Z) (us : list Z) : option Z :=
  match us with
  | [] => Some seen
  | i :: us' =>
      if (0 <=? i) && member all i && negb (member known i) && negb (member seen i)
      then with_block all known (with_member seen i) us' else None
  end.

Definition first_missing (known : Z) (us : list Z) : option Z := find (fun j => negb (member known j)) us.

(** Block after block; [known] are the units of those before. *)
Fixpoint check_minor_blocks (all : Z) (whole : node) (known minors : Z) (blocks : stream minor_block) : outcome unit :=
  match blocks with
  | Done => match first_missing known (units whole) with Some i => Bad (UnitMissing i) | None => Good tt end
  | More b rest =>
      match with_block all known 0 (block_units b) with
      | None => Bad BlockUnits
      | Some chosen =>
          let rows := filter (fun r => member chosen (fst r)) (matrix whole) in
          match not_triangular known (units whole) rows with
          | Some (i, j) => Bad (EntryNotZero i j)
          | None =>
              let mask := map (member chosen) (units whole) in
              let part := Node (cut mask (units whole)) (map (fun r => (fst r, cut mask (snd r))) rows) (divisor whole) in
              match read_minor_tree minors part (block_tokens b) with
              | Bad why => Bad why
              | Good minors' => check_minor_blocks all whole (fold_left with_member (block_units b) known) minors' rest
              end
          end
      end
  end.

Definition set_of (us : list Z) : Z := fold_left with_member us 0.

Definition check_p_matrix (n : nat) (K : domain) (f : residual_block) (active inactive : list Z) (blocks : stream minor_block)
  : outcome unit :=
  if negb (forallb (fun r => has_length n (normal r)) (hidden f) && has_length n (back f)
    && forallb (has_length (length (hidden f))) (back f)) then Bad WrongShape
  else
    match integer_domain_of n K with
    | None => Bad WrongDomain
    | Some IK =>
        let all := numbers_from 0 (hidden f) in
        let k := Z.of_nat (length (hidden f)) in
        let rows := with_entries no_entries (hidden f) in
        match with_units k 0 active with
        | None => Bad SignUnits
        | Some on =>
            match with_units k on inactive with
            | None => Bad SignUnits
            | Some fixed =>
                match without_sign n IK rows true active, without_sign n IK rows false inactive with
                | Some i, _ => Bad (SignNotShown true i)
                | None, Some i => Bad (SignNotShown false i)
                | None, None =>
                    match interaction f with
                    | None => Bad WrongShape
                    | Some m =>
                        match remaining all (member on) (fun j => negb (member fixed j)) m with
                        | Bad why => Bad why
                        | Good whole => check_minor_blocks (set_of (units whole)) whole 0 0 blocks
                        end
                    end
                end
            end
        end
    end.
