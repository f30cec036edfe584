(** What the theorem about convolutions speaks about; to be compared with docs/certificates-convolution.md.

    An input is a function: [x i j] is its value in channel i at the place j of the grid, a list of one index for each
    axis. *)

From Coq Require Import List ZArith QArith Qreals Reals.
From Proof Require Import Layers.
Import ListNotations.
Open Scope Z_scope.

Definition picture := nat -> list Z -> R.

(** One axis: O taps, stride s, dilation D, padding l and h. *)
Record axis := Axis { taps : Z; stride : Z; dilation : Z; low : Z; high : Z }.

Inductive padding_mode := Zeros | Circular | Reflect | Replicate.

(** Each of the groups has [inputs] and [outputs] channels. For each output channel [kernels] has the list of its
    K[o, i, u] in lexicographic order of (i, u), and [biases] its b_o. *)
Record convolution := Convolution {
  groups : nat; inputs : nat; outputs : nat; axes : list axis; mode : padding_mode;
  kernels : list (list Q); biases : list Q }.

(** 0, 1, ..., n - 1. *)
Definition below (n : Z) : list Z := map Z.of_nat (seq 0 (Z.to_nat n)).

(** The places of a grid, in lexicographic order: the last index runs fastest. *)
Fixpoint places (size : list Z) : list (list Z) :=
  match size with
  | [] => [[]]
  | n :: rest => map (fun p => fst p :: snd p) (list_prod (below n) (places rest))
  end.

(** E = D (O - 1) + 1, and M = floor((N + l + h - E) / s) + 1. *)
Definition extent (a : axis) : Z := dilation a * (taps a - 1) + 1.
Definition window_count (a : axis) (n : Z) : Z := (n + low a + high a - extent a) / stride a + 1.

(** The windows of the layer for the size N: the places of a grid of size M. *)
Definition windows (axes : list axis) (N : list Z) : list (list Z) :=
  places (map (fun p => window_count (fst p) (snd p)) (combine axes N)).

(** t = s J - l, axis by axis. *)
Definition start (axes : list axis) (J : list Z) : list Z :=
  map (fun p => stride (fst p) * snd p - low (fst p)) (combine axes J).

(** The index that stands at j in the padded input; None where there is a 0. *)
Definition padded (m : padding_mode) (n j : Z) : option Z :=
  if (0 <=? j) && (j <? n) then Some j
  else
    match m with
    | Zeros => None
    | Circular => Some (j mod n)
    | Replicate => Some (if j <? 0 then 0 else n - 1)
    | Reflect => Some (if j <? 0 then - j else 2 * (n - 1) - j)
    end.

(** The place of the grid that stands at t + D u in the padded input. *)
Fixpoint place_read (m : padding_mode) (axes : list axis) (N t u : list Z) : option (list Z) :=
  match axes, N, t, u with
  | a :: axes', n :: N', t1 :: t', u1 :: u' =>
      match padded m n (t1 + dilation a * u1), place_read m axes' N' t' u' with
      | Some j, Some rest => Some (j :: rest)
      | _, _ => None
      end
  | _, _, _, _ => Some []
  end.

Definition value_read (x : picture) (i : nat) (place : option (list Z)) : R :=
  match place with Some j => x i j | None => 0%R end.

Fixpoint total {A : Type} (f : A -> R) (l : list A) : R :=
  match l with
  | [] => 0%R
  | a :: rest => (f a + total f rest)%R
  end.

(** All (i, u) in lexicographic order. *)
Definition all_taps (C : convolution) : list (nat * list Z) := list_prod (seq 0 (inputs C)) (places (map taps (axes C))).

(** The numbers of the q-th output channel of the group a, and of its i-th input channel. *)
Definition output_channel (C : convolution) (a q : nat) : nat := (a * outputs C + q)%nat.
Definition input_channel (C : convolution) (a i : nat) : nat := (a * inputs C + i)%nat.

(** g_{o,J}(x) = b_o + sum_i sum_u K[o, i, u] x~[i, t + D u], for the channel o = [output_channel C a q]. *)
Definition g (C : convolution) (N : list Z) (x : picture) (a q : nat) (J : list Z) : R :=
  let o := output_channel C a q in
  let t := start (axes C) J in
  (Q2R (nth o (biases C) 0%Q)
   + total (fun term => let '(k, (i, u)) := term in
              Q2R k * value_read x (input_channel C a i) (place_read (mode C) (axes C) N t u))
           (combine (nth o (kernels C) []) (all_taps C)))%R.

(** The layer max(g, 0) has the same output at both. *)
Definition same_outputs (C : convolution) (N : list Z) (x y : picture) : Prop :=
  forall a q J, (a < groups C)%nat -> (q < outputs C)%nat -> In J (windows (axes C) N) ->
    relu (g C N x a q J) = relu (g C N y a q J).

Definition in_channels (C : convolution) : nat := (groups C * inputs C)%nat.

Definition same_inputs (C : convolution) (N : list Z) (x y : picture) : Prop :=
  forall i j, (i < in_channels C)%nat -> In j (places N) -> x i j = y i j.

(** R^n, nonneg, and boxes, which bound each channel; no other domains. *)
Definition allowed (K : domain) (i : nat) (t : R) : Prop :=
  match K with
  | Space => True
  | Orthant => (0 <= t)%R
  | Box lower upper => (Q2R (nth i lower 0%Q) <= t <= Q2R (nth i upper 0%Q))%R
  | _ => False
  end.

Definition within (C : convolution) (N : list Z) (K : domain) (x : picture) : Prop :=
  forall i j, (i < in_channels C)%nat -> In j (places N) -> allowed K i (x i j).

(** The layer for the size N is injective on the domain; or two different inputs have one output. *)
Definition injective_at (C : convolution) (K : domain) (N : list Z) : Prop :=
  forall x y, within C N K x -> within C N K y -> same_outputs C N x y -> same_inputs C N x y.

Definition collides_at (C : convolution) (K : domain) (N : list Z) : Prop :=
  exists x y, within C N K x /\ within C N K y /\ same_outputs C N x y /\ ~ same_inputs C N x y.

(** The layer is defined for the size N. *)
Fixpoint defined (m : padding_mode) (axes : list axis) (N : list Z) : Prop :=
  match axes, N with
  | [], [] => True
  | a :: axes', n :: N' =>
      1 <= n /\ 1 <= window_count a n
      /\ match m with
         | Zeros | Replicate => True
         | Circular => low a <= n /\ high a <= n
         | Reflect => low a < n /\ high a < n
         end
      /\ defined m axes' N'
  | _, _ => False
  end.

(** One size; or all N with N_k >= minimum_k and N_k mod s_k in the k-th list. *)
Inductive sizes :=
  | OneSize (N : list Z)
  | ManySizes (minimum : list Z) (residues : list (list Z)).

Fixpoint among_many (axes : list axis) (minimum : list Z) (residues : list (list Z)) (N : list Z) : Prop :=
  match axes, minimum, residues, N with
  | [], [], [], [] => True
  | a :: axes', least :: minimum', r :: residues', n :: N' =>
      least <= n /\ In (n mod stride a) r /\ among_many axes' minimum' residues' N'
  | _, _, _, _ => False
  end.

Definition among (C : convolution) (S : sizes) (N : list Z) : Prop :=
  match S with
  | OneSize M => N = M
  | ManySizes minimum residues => among_many (axes C) minimum residues N
  end.
