(** Rule "orientation" of residual blocks: the map keeps its orientation on all cells, and takes one value once.
    The checker's functions. *)

From Coq Require Import List Bool ZArith QArith.
From Proof Require Import Layers Networks Streams Integers Rows Domains Tables Combinations.
From Proof.networks Require Import IntegerEquations.
Import ListNotations.
Open Scope Z_scope.

(** * Circuits *)

Definition unit_signs := (list Z * list Z)%type.  (* the units with lambda_i > 0, the units with lambda_i < 0 *)

Definition is_zero_row (r : integer_row) : bool := forallb (fun a => a =? 0) (weights r).
Definition is_zero_function (r : integer_row) : bool := is_zero_row r && (constant r =? 0).

(** At no generic point are the units of the first list all strictly negative and those of the second all nonnegative. *)
Definition impossible_signs (units : table integer_row) (pairs : list (Z * Z)) : outcome unit_signs :=
  match terms_of units 0 pairs with
  | Bad why => Bad why
  | Good ts =>
      let positive := filter (fun t => 0 <? multiplier t) ts in
      let negative := filter is_negative ts in
      if negb (forallb (fun t => negb (multiplier t =? 0)) ts) then Bad WrongMultiplier
      else if negb (sum_nonnegative ISpace ts) then Bad NotConstant
      else if match positive with [] => forallb (fun t => is_zero_function (function t)) negative | _ => false end
      then Bad ZeroUnits
      else Good (map row_number positive, map row_number negative)
  end.

(** All circuits of the list, each acceptable, in one table. *)
Fixpoint read_impossible (units : table integer_row) (circuits : stream (list (Z * Z))) (found : table unit_signs)
  : outcome (table unit_signs) :=
  match circuits with
  | Done => Good found
  | More pairs rest =>
      match impossible_signs units pairs with
      | Good s => read_impossible units rest (with_entry found s)
      | Bad why => Bad why
      end
  end.

(** * Cells

    The unknowns are the coordinates times the denominator d of the point p. One row x_j + sum_i B_ji g_i(x) = f(p)_j
    over the units of a cell is, times a positive integer D: [start], and [coefficients] c_i times the row i of the units. *)
Record equation := Equation { start : list Z; coefficients : list Z }.

(** The values of the hidden units, times their denominators and d. *)
Definition values_at (units : list integer_row) (x : list Z) (d : Z) : list Z :=
  map (fun r => inner_product r x d) units.

(** B_ji / d_i, d_i being the denominator of the unit. *)
Fixpoint shares (row : list Q) (units : list integer_row) : list Q :=
  match row, units with
  | q :: row', r :: units' => Qmult q (1 # Z.to_pos (denominator r)) :: shares row' units'
  | _, _ => []
  end.

(** The right side is D f(p)_j d. *)
Fixpoint equations_of (n j : nat) (units : list integer_row) (values : list Z) (back : list (list Q)) (x : list Z)
  : option (list equation) :=
  match back, x with
  | row :: back', a :: x' =>
      match over_one_denominator (shares row units), equations_of n (S j) units values back' x' with
      | Some (c, D), Some rest =>
          let right := D * a + product c (map (Z.max 0) values) in
          Some (Equation (map (Z.mul D) (unit_vector n j) ++ [right]) c :: rest)
      | _, _ => None
      end
  | _, _ => Some []
  end.

(** (a_i, -d b_i) times the denominator of the unit. *)
Definition extended (d : Z) (r : integer_row) : list Z := weights r ++ [- (d * constant r)].

Fixpoint with_units (flags : list bool) (c : list Z) (rows : list (list Z)) (total : list Z) : list Z :=
  match flags, c, rows with
  | flag :: flags', k :: c', row :: rows' =>
      with_units flags' c' rows' (if flag && negb (k =? 0) then added total k row else total)
  | _, _, _ => total
  end.

(** * The tree *)

Section Walk.

Variable units : list integer_row.
Variable named : table integer_row.
Variable circuits : table unit_signs.
Variable x : list Z.
Variable d : Z.
Variable equations : list equation.
Variable rows : list (list Z).  (* the units, extended *)

(** Whether the unknowns, these numbers over the divisor, are those of the point. *)
Definition is_point (divisor : Z) (numbers : list Z) : bool :=
  forallb (fun pair => fst pair * divisor =? snd pair) (combine x numbers).

(** Whether the units that the flags name are nonnegative there, and the others at most 0. *)
Fixpoint signs_hold (flags : list bool) (units : list integer_row) (divisor : Z) (numbers : list Z) : bool :=
  match flags, units with
  | flag :: flags', r :: units' =>
      let t := Z.sgn divisor * (product (weights r) numbers + constant r * d * divisor) in
      (if flag then 0 <=? t else t <=? 0) && signs_hold flags' units' divisor numbers
  | _, _ => true
  end.

Definition active_units (P : Z) : list Z := map number (filter (fun r => member P (number r)) units).

(** A cell: the sign of its determinant, if that is [sign], or [sign] is 0. *)
Definition check_cell (P Q sign : Z) : outcome Z :=
  if negb (forallb (fun r => member P (number r) || member Q (number r)) units) then Bad UnitsWithoutSign
  else
    let flags := map (fun r => member P (number r)) units in
    match solved x 1 1 [] (map (fun e => with_units flags (coefficients e) rows (start e)) equations) with
    | None => Bad (DeterminantZero (active_units P))
    | Some (determinant, divisor, done) =>
        let s := Z.sgn determinant in
        let numbers := map (hd 0) done in
        if s =? 0 then Bad (DeterminantZero (active_units P))
        else if negb (sign =? 0) && negb (s =? sign) then Bad (DeterminantSign (active_units P))
        else if negb (is_point divisor numbers) && signs_hold flags units divisor numbers then Bad ValueTakenTwice
        else Good s
    end.

Fixpoint first_outside (P : Z) (l : list Z) : option Z :=
  match l with
  | [] => None
  | i :: l' => if member P i then first_outside P l' else Some i
  end.

(** The units of P are nonnegative, those of Q strictly negative. What is left of the tokens, and the sign so far, or 0. *)
Fixpoint read_cells {A : Type} (fuel : list A) (P Q sign : Z) (tokens : stream Z) {struct fuel} : outcome (stream Z * Z) :=
  match tokens with
  | Done => Bad TreeEnds
  | More token rest =>
      if 0 <? token then
        match entry circuits (token - 1) with
        | None => Bad (NoSuchEntry (token - 1))
        | Some (positive, negative) =>
            match first_outside Q positive, first_outside P negative with
            | Some i, _ => Bad (NotNegativeUnit i)
            | None, Some i => Bad (NotNonnegativeUnit i)
            | None, None => Good (rest, sign)
            end
        end
      else if token =? 0 then
        match check_cell P Q sign with Good s => Good (rest, s) | Bad why => Bad why end
      else
        let i := - token - 1 in
        match entry named i, fuel with
        | Some _, _ :: fuel' =>
            if member P i || member Q i then Bad (UnitHasSign i)
            else
              match read_cells fuel' (with_member P i) Q sign rest with
              | Good (rest', sign') => read_cells fuel' P (with_member Q i) sign' rest'
              | Bad why => Bad why
              end
        | _, _ => Bad (UnitHasSign i)
        end
  end.

End Walk.

(** The first unit whose function is 0 at the point, but not everywhere. *)
Fixpoint zero_unit (units : list integer_row) (values : list Z) : option Z :=
  match units, values with
  | r :: units', v :: values' =>
      if (v =? 0) && negb (is_zero_row r) then Some (number r) else zero_unit units' values'
  | _, _ => None
  end.

Definition check_orientation (n : nat) (K : domain) (f : residual_block) (p : list Q) (circuits : stream (list (Z * Z)))
  (tree : stream Z) : outcome unit :=
  match integer_rows n 0 (hidden f), over_one_denominator p with
  | Some units, Some (x, d) =>
      if has_length n (back f) && forallb (has_length (length units)) (back f) && has_length n x then
        let values := values_at units x d in
        match integer_domain_of n K, equations_of n 0 units values (back f) x with
        | None, _ => Bad WrongDomain
        | _, None => Bad WrongShape
        | Some _, Some equations =>
            match zero_unit units values with
            | Some i => Bad (UnitZero i)
            | None =>
                let named := with_entries no_entries units in
                match read_impossible named circuits no_entries with
                | Bad why => Bad why
                | Good found =>
                    match read_cells units named found x d equations (map (extended d) units) units 0 0 0 tree with
                    | Good (Done, _) => Good tt
                    | Good (More _ _, _) => Bad TreeGoesOn
                    | Bad why => Bad why
                    end
                end
            end
        end
      else Bad WrongShape
  | _, _ => Bad WrongShape
  end.
