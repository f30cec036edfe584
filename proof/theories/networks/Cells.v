(** Rule "cell-pairs", the list of cells: regions on which the signs of all neurons are known, and which cover the domain. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Elimination Combinations.
From Proof.networks Require Import Dependencies Pieces.
Import ListNotations.
Open Scope Z_scope.

(** What stands in the list: a neuron with both signs; with one sign, and the support that shows it; at a cell, the supports
    of its bounds, two for each direction, None for no bound. *)
Inductive cell_item :=
  | BothSigns
  | OneSign (positive : bool) (support : list Z)
  | CellBounds (supports : list (option (list Z))).

(** The signs of the first neurons, and the functions that are at least 0 where they have them: the newest first. *)
Record pattern := Pattern { known : list (bool * list Z); known_count : Z }.

Definition turned_to (positive : bool) (z : list Z) : list Z := if positive then z else map Z.opp z.

Definition with_sign (P : pattern) (positive : bool) (z : list Z) : pattern :=
  Pattern ((positive, coprime (turned_to positive z)) :: known P) (known_count P + 1).

(** A region with all signs, and the outputs of the network there over one denominator. *)
Record cell := Cell { region : pattern; outputs : list (list Z); output_denominator : Z }.

(** An end of an interval as a fraction with a positive denominator; None where it has none. The upper end stands first. *)
Definition interval_end := option (Z * Z).
Definition interval := (interval_end * interval_end)%type.

(** Of a leaf the cell and its number; of a branch how many cells it has. And an interval for each direction. *)
Inductive cell_tree :=
  | Leaf (c : cell) (index : Z) (intervals : list interval)
  | Branch (a b : cell_tree) (cells : Z) (intervals : list interval).

Definition intervals_of (t : cell_tree) : list interval := match t with Leaf _ _ i => i | Branch _ _ _ i => i end.
Definition cells_of (t : cell_tree) : Z := match t with Leaf _ _ _ => 1 | Branch _ _ c _ => c end.

Definition below (p q : Z * Z) : bool := fst p * snd q <? fst q * snd p.

Definition hull (i j : interval) : interval :=
  (match fst i, fst j with Some p, Some q => Some (if below p q then q else p) | _, _ => None end,
   match snd i, snd j with Some p, Some q => Some (if below p q then p else q) | _, _ => None end).

Fixpoint hulls (I J : list interval) : list interval :=
  match I, J with i :: I', j :: J' => hull i j :: hulls I' J' | _, _ => [] end.

Definition joined (a b : cell_tree) : cell_tree :=
  Branch a b (cells_of a + cells_of b) (hulls (intervals_of a) (intervals_of b)).

(** A fraction, reduced if that is easy. *)
Definition fraction (a b : Z) : Z * Z :=
  let g := Z.gcd a b in
  let c := Z.quot a g in
  let d := Z.quot b g in
  if (0 <? d) && (a * d =? c * b) then (c, d) else (a, b).

Fixpoint at_position {A : Type} (l : list A) (i : Z) : option A :=
  match l with [] => None | a :: l' => if i =? 0 then Some a else at_position l' (i - 1) end.

(** The functions that numbers stand for. *)
Fixpoint all_functions (function_of : Z -> option (list Z)) (numbers : list Z) : outcome (list (list Z)) :=
  match numbers with
  | [] => Good []
  | i :: numbers' =>
      match function_of i with
      | None => Bad (NoSuchFunction i)
      | Some f =>
          match all_functions function_of numbers' with Good rest => Good (f :: rest) | Bad why => Bad why end
      end
  end.

Section Reading.

Variable n : nat.
Variable neurons : Z.  (* how many there are *)
Variable limits : list (list Z).  (* the functions of the domain *)
Variable one_number : Z.  (* the number of the constant 1 *)
Variable directions : list (list Z).

Definition function_of (P : pattern) (i : Z) : option (list Z) :=
  if i =? one_number then Some (1 :: repeat 0 n)
  else if (0 <=? i) && (i <? known_count P) then option_map snd (at_position (known P) (known_count P - 1 - i))
  else if neurons <=? i then at_position limits (i - neurons)
  else None.

(** The upper end for the function F of the outputs, over d. *)
Definition upper_end (P : pattern) (F : list Z) (d : Z) (support : option (list Z)) : outcome interval_end :=
  match support with
  | None => Good None
  | Some numbers =>
      match all_functions (function_of P) numbers with
      | Bad why => Bad why
      | Good functions =>
          match coefficients_of (map (@tl Z) (F :: functions)) with
          | None => Bad NoBound
          | Some found =>
              match combination found (F :: functions) with
              | total :: gradient =>
                  if all_zero gradient then Good (Some (fraction total (hd 0 found * d))) else Bad NoBound
              | [] => Bad NoBound
              end
          end
      end
  end.

Fixpoint bounds_of (c : cell) (directions : list (list Z)) (supports : list (option (list Z)))
  : outcome (list interval) :=
  match directions, supports with
  | direction :: directions', above :: beneath :: supports' =>
      let F := combination direction (outputs c) in
      match upper_end (region c) F (output_denominator c) above with
      | Bad why => Bad why
      | Good upper =>
          match upper_end (region c) (map Z.opp F) (output_denominator c) beneath with
          | Bad why => Bad why
          | Good lower =>
              match bounds_of c directions' supports' with
              | Bad why => Bad why
              | Good rest => Good ((upper, option_map (fun e => (- fst e, snd e)) lower) :: rest)
              end
          end
      end
  | _, _ => Good []
  end.

(** What goes on with a region: it is given the items from here on and the number of the next cell, and gives the tree of the
    region, the items that are left, and the number of the next cell. *)
Definition reader := pattern -> stream cell_item -> Z -> outcome (cell_tree * stream cell_item * Z).

Definition read_cell (rows : list (list Z)) (d : Z) : reader := fun P items cells =>
  match kernel_of n (map (@tl Z) rows) with
  | _ :: _ => Bad (RankBelow cells)
  | [] =>
      match items with
      | Done => Bad CellsEnd
      | More (CellBounds supports) rest =>
          if Nat.eqb (length supports) (2 * length directions) then
            let c := Cell P rows d in
            match bounds_of c directions supports with
            | Good intervals => Good (Leaf c cells intervals, rest, cells + 1)
            | Bad why => Bad why
            end
          else Bad (BoundsExpected cells)
      | More _ _ => Bad (BoundsExpected cells)
      end
  end.

(** The pre-activations that are left in a layer, each with its slope. [factors] says what the rows before are multiplied by, the
    last one first; [finish] goes on behind the layer. *)
Fixpoint read_rows (rows : list (list Z * Q)) (finish : list Q -> reader) (factors : list Q) (P : pattern)
  (items : stream cell_item) (cells : Z) {struct rows} : outcome (cell_tree * stream cell_item * Z) :=
  match rows with
  | [] => finish factors P items cells
  | (z, s) :: rows' =>
      if is_one s then read_rows rows' finish (1%Q :: factors) P items cells
      else
        let side positive :=
          read_rows rows' finish ((if positive : bool then 1%Q else s) :: factors) (with_sign P positive z) in
        if all_zero z then side true items cells
        else
          match items with
          | Done => Bad CellsEnd
          | More BothSigns rest =>
              match side true rest cells with
              | Bad why => Bad why
              | Good (a, rest', cells') =>
                  match side false rest' cells' with
                  | Bad why => Bad why
                  | Good (b, rest'', cells'') => Good (joined a b, rest'', cells'')
                  end
              end
          | More (OneSign positive support) rest =>
              match all_functions (function_of P) support with
              | Bad why => Bad why
              | Good functions =>
                  if positive_dependency (turned_to (negb positive) z :: functions) then side positive rest cells
                  else Bad (NotOneSign (known_count P))
              end
          | More (CellBounds _) _ => Bad (NeuronExpected (known_count P))
          end
  end.

(** The layers that are left, and the outputs of those before over d. *)
Fixpoint read_layers (layers : list integer_layer) (inputs : list (list Z)) (d : Z) (P : pattern)
  (items : stream cell_item) (cells : Z) {struct layers} : outcome (cell_tree * stream cell_item * Z) :=
  match layers with
  | [] => read_cell inputs d P items cells
  | L :: layers' =>
      let (rows, e) := pre_activations n L inputs d in
      read_rows (combine rows (slopes L))
        (fun factors P items cells =>
          match activations rows e (rev factors) with
          | Some (rows', e') => read_layers layers' rows' e' P items cells
          | None => Bad WrongShape
          end)
        [] P items cells
  end.

End Reading.
