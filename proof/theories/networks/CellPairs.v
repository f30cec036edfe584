(** Rule "cell-pairs": cells that cover the domain, on each of which a network is affine, and every pair of them. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Elimination Combinations.
From Proof.networks Require Import Dependencies Pieces Cells.
Import ListNotations.
Open Scope Z_scope.

(** Whether one interval ends before the other one begins. *)
Definition ends_before (i j : interval) : bool :=
  match fst i, snd j with Some high, Some low => below high low | _, _ => false end.

Fixpoint disjoint (I J : list interval) : bool :=
  match I, J with
  | i :: I', j :: J' => ends_before i j || ends_before j i || disjoint I' J'
  | _, _ => false
  end.

(** The sum of the functions of those neurons whose signs differ. *)
Fixpoint differing (p q : list (bool * list Z)) : list Z :=
  match p, q with
  | (a, f) :: p', (b, _) :: q' => if Bool.eqb a b then differing p' q' else added (differing p' q') 1 f
  | _, _ => []
  end.

(** The equations A_P x + c_P t = A_Q y + c_Q t as rows for (t, x, y). *)
Fixpoint pair_rows (a : list (list Z)) (d : Z) (b : list (list Z)) (e : Z) : list (list Z) :=
  match a, b with
  | row :: a', row' :: b' =>
      ((hd 0 row * e - hd 0 row' * d) :: map (fun k => e * k) (tl row) ++ map (fun k => - d * k) (tl row'))
      :: pair_rows a' d b' e
  | _, _ => []
  end.

Section Walk.

Variable n : nat.
Variable neurons : Z.
Variable limits : list (list Z).
Variable one_number : Z.

Definition left_function (p q : cell) (i : Z) : option (list Z) :=
  if i =? one_number + 1 then Some (differing (known (region p)) (known (region q)))
  else function_of n neurons limits one_number (region p) i.

(** Functions of x, and of y, as forms in (t, x, y). *)
Definition left_form (f : list Z) : list Z := f ++ repeat 0 n.
Definition right_form (f : list Z) : list Z := hd 0 f :: repeat 0 n ++ tl f.

(** One of the last two numbers. *)
Definition is_last (i : Z) : bool := (i =? one_number) || (i =? one_number + 1).

(** Whether the supports show that no two points of the cells share an output. *)
Definition apart (p q : cell) (support support' : list Z) : outcome bool :=
  if negb (existsb is_last support) || existsb is_last support' then Good false
  else
    match all_functions (left_function p q) support,
      all_functions (function_of n neurons limits one_number (region q)) support' with
    | Bad why, _ | Good _, Bad why => Bad why
    | Good functions, Good functions' =>
        let size := S (n + n) in
        let forms := map left_form functions ++ map right_form functions' in
        let Y := kernel_of size (pair_rows (outputs p) (output_denominator p) (outputs q) (output_denominator q)) in
        Good (forallb (has_length size) forms && positive_dependency (map (fun form => products form Y) forms))
    end.

Definition pair_items := stream (list Z * list Z).

Definition read_pair (p q : cell) (i j : Z) (items : pair_items) : outcome pair_items :=
  match items with
  | Done => Bad PairsEnd
  | More (support, support') rest =>
      match apart p q support support' with
      | Good true => Good rest
      | Good false => Bad (PairNotApart i j)
      | Bad why => Bad why
      end
  end.

Definition both (first second : pair_items -> outcome pair_items) (items : pair_items) : outcome pair_items :=
  match first items with Good rest => second rest | Bad why => Bad why end.

(** The cells of one tree with those of another one. *)
Fixpoint visit (u : cell_tree) : cell_tree -> pair_items -> outcome pair_items :=
  fix with_other (v : cell_tree) : pair_items -> outcome pair_items := fun items =>
    if disjoint (intervals_of u) (intervals_of v) then Good items
    else
      match u, v with
      | Leaf p i _, Leaf q j _ => read_pair p q i j items
      | Branch a b _ _, Leaf _ _ _ => both (visit a v) (visit b v) items
      | Leaf _ _ _, Branch a b _ _ => both (with_other a) (with_other b) items
      | Branch a b k _, Branch a' b' k' _ =>
          if k' <=? k then both (visit a v) (visit b v) items else both (with_other a') (with_other b') items
      end.

(** The cells of one tree with each other. *)
Fixpoint visit_within (t : cell_tree) (items : pair_items) : outcome pair_items :=
  match t with
  | Leaf _ _ _ => Good items
  | Branch a b _ _ => both (visit_within a) (both (visit a b) (visit_within b)) items
  end.

End Walk.

Definition integer_direction (direction : list Q) : option (list Z) := option_map fst (over_one_denominator direction).

Definition check_cell_pairs (n : nat) (K : domain) (N : list (list sloped_row)) (directions : list (list Q))
  (cells : stream cell_item) (pairs : stream (list Z * list Z)) : outcome unit :=
  match N with
  | [] => Bad WrongShape
  | _ =>
      if widths_fit n N && forallb (has_length (output_width n N)) directions then
        match integer_domain_of n K with
        | None => Bad WrongDomain
        | Some IK =>
            match domain_functions n IK, all_of integer_layer_of N, all_of integer_direction directions with
            | None, _, _ => Bad CellsDomain
            | Some limits, Some layers, Some integer_directions =>
                let neurons := neuron_count N in
                let one_number := neurons + Z.of_nat (length limits) in
                match read_layers n neurons limits one_number integer_directions layers (coordinates n) 1
                  (Pattern [] 0) cells 0 with
                | Bad why => Bad why
                | Good (_, More _ _, _) => Bad CellsGoOn
                | Good (t, Done, _) =>
                    match visit_within n neurons limits one_number t pairs with
                    | Bad why => Bad why
                    | Good (More _ _) => Bad PairsGoOn
                    | Good Done => Good tt
                    end
                end
            | _, _, _ => Bad WrongShape
            end
        end
      else Bad WrongShape
  end.
