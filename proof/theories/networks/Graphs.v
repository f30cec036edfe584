(** What the theorem about networks as graphs speaks about: to be read like Layers.v and Networks.v, and to be compared
    with the section "Networks as graphs" of docs/certificates-network.md. *)

From Coq Require Import List ZArith QArith Qreals Reals.
From Proof Require Import Layers Networks.
From Proof.convolution Require Import Convolutions.
Import ListNotations.
Open Scope Z_scope.

(** A value is a list of reals, its entries; this one has the number i. *)
Definition entry_at (v : list R) (i : Z) : R := nth (Z.to_nat i) v 0%R.

(** Names of functions of which it is known where their values lie. *)
Inductive function_name := Sigmoid | Tanh | Softplus | Exp | Sqrt | Elu | AnotherName.

Definition in_range (name : function_name) (t : R) : Prop :=
  match name with
  | Sigmoid => 0 <= t <= 1
  | Tanh => -1 <= t <= 1
  | Softplus | Exp | Sqrt => 0 <= t
  | Elu => -1 <= t
  | AnotherName => True
  end%R.

(** The operations of steps. A place below 0 names no entry. *)
Inductive operation :=
  | DenseStep (layer : list row) (n : Z)
  | ConvolutionStep (C : convolution) (N : list Z)
  | ScaleStep (each : Z) (scale shift : list Q)
  | SumStep (signs : list Z)
  | MeanStep (windows : list (list Z * positive))
  | MoveStep (moved : list Z) (fill : Q)
  | JoinStep
  | ConstantStep (numbers : list Q)
  | LeakyStep (each : Z) (slopes : list Q)
  | ClipStep (least most : option Q)
  | SquareStep
  | MaximumStep (windows : list (list Z))
  | OneToOneStep (name : function_name)
  | OtherStep (count : Z).

(** A step reads values by their numbers: the inputs come first, then the values of the steps before it. *)
Record step := Step { operation_of : operation; reads : list Z }.

(** Each input by its number of entries. *)
Record graph := Graph { graph_inputs : list Z; graph_steps : list step; graph_outputs : list Z }.

(** * Functions that are named *)

(** What the functions of the steps are: of the k-th step, if it is one-to-one, where its function is defined and what its
    values are there; if it is another one, the entries of its value. The theorem holds for every choice of these
    functions, and so whichever functions the names stand for; two steps with one name may even have different ones. *)
Record interpretation := Interpretation {
  defined_on : nat -> R -> Prop;
  one_to_one : nat -> R -> R;
  any_function : nat -> list (list R) -> Z -> R }.

(** A function that is called one-to-one is so where it is defined (a logarithm: on the positive numbers only), and has
    its values there in the range of its name. *)
Definition right_function (I : interpretation) (k : nat) (name : function_name) : Prop :=
  (forall s t, defined_on I k s -> defined_on I k t -> one_to_one I k s = one_to_one I k t -> s = t)
  /\ forall t, defined_on I k t -> in_range name (one_to_one I k t).

Definition admissible (I : interpretation) (G : graph) : Prop :=
  forall k name read, nth_error (graph_steps G) k = Some (Step (OneToOneStep name) read) -> right_function I k name.

(** * Values *)

(** A function of each entry and its number. *)
Definition each_entry (f : Z -> R -> R) (v : list R) : list R :=
  map (fun p => f (fst p) (snd p)) (combine (below (Z.of_nat (length v))) v).

(** From a list of L numbers the one with the number (i div each) mod L. *)
Definition chosen_number (each : Z) (numbers : list Q) (i : Z) : R :=
  Q2R (nth (Z.to_nat ((i / each) mod Z.of_nat (length numbers))) numbers 0%Q).

(** min(max(z, least), most), without the bounds that are not there. *)
Definition clipped (least most : option Q) (z : R) : R :=
  let above := match least with Some l => Rmax z (Q2R l) | None => z end in
  match most with Some m => Rmin above (Q2R m) | None => above end.

Definition largest (numbers : list R) : R :=
  match numbers with [] => 0%R | first :: others => fold_left Rmax others first end.

Definition named_places (window : list Z) : list Z := filter (fun j => 0 <=? j) window.

(** The number of a place of a grid in lexicographic order; [first] is the channel. *)
Fixpoint place_number (first : Z) (N place : list Z) : Z :=
  match N, place with
  | n :: N', j :: place' => place_number (first * n + j) N' place'
  | _, _ => first
  end.

(** A list of entries as an input of a convolution. *)
Definition picture_of_entries (N : list Z) (v : list R) : picture := fun i place => entry_at v (place_number (Z.of_nat i) N place).

(** The value of the k-th step, whose step reads these values; most read one value, [v]. *)
Definition step_value (I : interpretation) (k : nat) (op : operation) (read : list (list R)) : list R :=
  let v := nth 0 read [] in
  match op with
  | DenseStep layer n =>
      flat_map (fun block => map (fun r => affine r (fun j => entry_at v (block * n + Z.of_nat j))) layer)
               (below (Z.of_nat (length v) / n))
  | ConvolutionStep C N =>
      flat_map (fun a => flat_map (fun q => map (g C N (picture_of_entries N v) a q) (windows (axes C) N)) (seq 0 (outputs C)))
               (seq 0 (groups C))
  | ScaleStep each scale shift => each_entry (fun i z => chosen_number each scale i * z + chosen_number each shift i)%R v
  | SumStep signs =>
      map (fun i => total (fun p => IZR (fst p) * entry_at (snd p) i)%R (combine signs read)) (below (Z.of_nat (length v)))
  | MeanStep windows => map (fun w => total (entry_at v) (named_places (fst w)) / IZR (Zpos (snd w)))%R windows
  | MoveStep moved fill => map (fun j => if j <? 0 then Q2R fill else entry_at v j) moved
  | JoinStep => concat read
  | ConstantStep numbers => map Q2R numbers
  | LeakyStep each slopes =>
      each_entry (fun i z => if Rle_dec 0 z then z else (chosen_number each slopes i * z)%R) v
  | ClipStep least most => map (clipped least most) v
  | SquareStep => map (fun z => z * z)%R v
  | MaximumStep windows => map (fun w => largest (map (entry_at v) (named_places w))) windows
  | OneToOneStep _ => map (one_to_one I k) v
  | OtherStep count => map (any_function I k read) (below count)
  end.

(** Functions are asked for values only where they are defined. *)
Definition step_defined (I : interpretation) (k : nat) (op : operation) (read : list (list R)) : Prop :=
  match op with OneToOneStep _ => Forall (defined_on I k) (nth 0 read []) | _ => True end.

Definition values_read (values : list (list R)) (s : step) : list (list R) :=
  map (fun v => nth (Z.to_nat v) values []) (reads s).

(** All values, step after step. *)
Fixpoint values_from (I : interpretation) (k : nat) (steps : list step) (values : list (list R)) : list (list R) :=
  match steps with
  | [] => values
  | s :: rest => values_from I (S k) rest (values ++ [step_value I k (operation_of s) (values_read values s)])
  end.

Fixpoint defined_from (I : interpretation) (k : nat) (steps : list step) (values : list (list R)) : Prop :=
  match steps with
  | [] => True
  | s :: rest =>
      step_defined I k (operation_of s) (values_read values s)
      /\ defined_from I (S k) rest (values ++ [step_value I k (operation_of s) (values_read values s)])
  end.

(** The coordinates of a point, input by input. *)
Fixpoint input_values (counts : list Z) (x : point) : list (list R) :=
  match counts with
  | [] => []
  | c :: rest => map x (seq 0 (Z.to_nat c)) :: input_values rest (fun j => x (Z.to_nat c + j)%nat)
  end.

Definition graph_values (I : interpretation) (G : graph) (x : point) : list (list R) :=
  values_from I 0 (graph_steps G) (input_values (graph_inputs G) x).

Definition graph_defined (I : interpretation) (G : graph) (x : point) : Prop :=
  defined_from I 0 (graph_steps G) (input_values (graph_inputs G) x).

(** The number of entries of all inputs. *)
Definition graph_dimension (G : graph) : nat := fold_right (fun c n => (Z.to_nat c + n)%nat) O (graph_inputs G).

(** Different inputs from K have different outputs, whichever functions the names stand for, as long as they are defined
    at what they get. *)
Definition graph_injective (K : domain) (G : graph) : Prop :=
  forall I, admissible I G -> forall x y, inside (graph_dimension G) K x -> inside (graph_dimension G) K y ->
    graph_defined I G x -> graph_defined I G y ->
    (forall v, In v (graph_outputs G) -> nth (Z.to_nat v) (graph_values I G x) [] = nth (Z.to_nat v) (graph_values I G y) []) ->
    same (graph_dimension G) x y.
