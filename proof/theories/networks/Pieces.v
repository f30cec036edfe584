(** The affine functions that a network is made of where the signs of its neurons are known (docs/certificates-network.md, "Dense
    networks"). A vector (beta, w) stands for the function <w, x> + beta; vectors of one layer have one denominator. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Integers Rows Domains.
From Proof.networks Require Import Dependencies.
Import ListNotations.
Open Scope Z_scope.

Fixpoint all_of {A B : Type} (f : A -> option B) (l : list A) : option (list B) :=
  match l with
  | [] => Some []
  | a :: l' => match f a, all_of f l' with Some b, Some rest => Some (b :: rest) | _, _ => None end
  end.

(** The positive multiple with coprime entries, or zero. *)
Definition coprime (z : list Z) : list Z := let c := content z in if 1 <? c then divided c z else z.

(** The functions of the domain, at least 0 on it; None on a ball. *)
Fixpoint box_functions (units : list (list Z)) (l u : list Z) (d : Z) : list (list Z) :=
  match units, l, u with
  | e :: units', a :: l', b :: u' =>
      coprime (- a :: map (fun k => d * k) e) :: coprime (b :: map (fun k => - d * k) e) :: box_functions units' l' u' d
  | _, _, _ => []
  end.

Definition domain_functions (n : nat) (K : integer_domain) : option (list (list Z)) :=
  match K with
  | ISpace => Some []
  | IOrthant => Some (map (fun e => 0 :: e) (unit_vectors n))
  | IBox l u d => Some (box_functions (unit_vectors n) l u d)
  | IPolytope functions => Some (map (fun r => coprime (map Z.opp (constant r :: weights r))) functions)
  | IBall _ _ _ | INonnegativeBall _ => None
  end.

(** A layer: (b, w) of each row as integers over one positive denominator, and the slopes. *)
Record integer_layer := IntegerLayer { matrix : list (list Z); factor : Z; slopes : list Q }.

Definition entries_of (u : sloped_row) : list Q := bias (affine_part u) :: normal (affine_part u).

Definition integer_layer_of (L : list sloped_row) : option integer_layer :=
  let rows := map entries_of L in
  let d := common_denominator (concat rows) in
  if 0 <? d then
    match all_of (scaled d) rows with Some matrix => Some (IntegerLayer matrix d (map slope L)) | None => None end
  else None.

(** The vectors and their denominator without a factor that all have. *)
Definition reduced (rows : list (list Z)) (d : Z) : list (list Z) * Z :=
  let c := content (d :: map content rows) in
  if 1 <? c then
    match all_of (quotients c) rows, Z.quotrem d c with
    | Some rows', (e, 0) => (rows', e)
    | _, _ => (rows, d)
    end
  else (rows, d).

(** The pre-activations of a layer, of its inputs over d. *)
Definition pre_activations (n : nat) (L : integer_layer) (inputs : list (list Z)) (d : Z) : list (list Z) * Z :=
  let columns := (d :: repeat 0 n) :: inputs in
  reduced (map (fun row => combination row columns) (matrix L)) (d * factor L).

Fixpoint scaled_rows (factors : list Z) (rows : list (list Z)) : list (list Z) :=
  match factors, rows with
  | f :: factors', row :: rows' => map (fun a => f * a) row :: scaled_rows factors' rows'
  | _, _ => []
  end.

(** The outputs of a layer, of its pre-activations over d and of the factors that their signs choose. *)
Definition activations (rows : list (list Z)) (d : Z) (factors : list Q) : option (list (list Z) * Z) :=
  match over_one_denominator factors with
  | Some (fs, c) => Some (scaled_rows fs rows, d * c)
  | None => None
  end.

(** The inputs of the first layer, over 1. *)
Definition coordinates (n : nat) : list (list Z) := map (fun e => 0 :: e) (unit_vectors n).

(** Each row has as many entries as the layer before has rows. *)
Fixpoint widths_fit (n : nat) (N : list (list sloped_row)) : bool :=
  match N with
  | [] => true
  | L :: rest => forallb (fun u => has_length n (normal (affine_part u))) L && widths_fit (length L) rest
  end.

Definition is_one (s : Q) : bool := Qnum s =? Zpos (Qden s).

(** How many rows are neurons. *)
Definition neuron_count (N : list (list sloped_row)) : Z :=
  Z.of_nat (length (filter (fun u => negb (is_one (slope u))) (concat N))).
