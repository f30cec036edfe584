(** What the theorem about packings inside "boxes" speaks about besides Convolutions.v: windows of a box that are full
    spark, and convolutions with real kernels near the given one. *)

From Coq Require Import List ZArith QArith Qreals Reals.
From Proof Require Import Layers.
From Proof.convolution Require Import Convolutions Windows Covering.
Import ListNotations.
Open Scope R_scope.

(** Kernels and biases that are real numbers: for each output channel the list of its K[o, i, u], and its b_o. *)
Record real_kernels := RealKernels { real_kernel : nat -> list R; kernel_bias : nat -> R }.

(** Those of the convolution itself. *)
Definition own_kernels (C : convolution) : real_kernels :=
  RealKernels (fun o => map Q2R (nth o (kernels C) [])) (fun o => Q2R (nth o (biases C) 0%Q)).

(** sum_i sum_u K[o, i, u] x~[i, t + D u] for the window that starts at t. *)
Definition window_sum (C : convolution) (L : real_kernels) (m : padding_mode) (N : list Z) (x : picture) (a q : nat) (t : list Z) : R :=
  total (fun term => let '(k, (i, u)) := term in k * value_read x (input_channel C a i) (place_read m (axes C) N t u))
        (combine (real_kernel L (output_channel C a q)) (all_taps C)).

Definition real_g (C : convolution) (L : real_kernels) (N : list Z) (x : picture) (a q : nat) (J : list Z) : R :=
  kernel_bias L (output_channel C a q) + window_sum C L (mode C) N x a q (start (axes C) J).

(** The layer with these kernels is injective on R^n for the size N. *)
Definition real_injective_at (C : convolution) (L : real_kernels) (N : list Z) : Prop :=
  forall x y,
    (forall a q J, (a < groups C)%nat -> (q < outputs C)%nat -> In J (windows (axes C) N) ->
      relu (real_g C L N x a q J) = relu (real_g C L N y a q J)) ->
    same_inputs C N x y.

(** No kernel or bias differs by more than epsilon; and where all biases are 0 those of the other one are 0. *)
Definition kernels_near (epsilon : Q) (C : convolution) (L : real_kernels) : Prop :=
  (forall o, length (real_kernel L o) = length (nth o (kernels C) []) /\
    (forall j, Rabs (nth j (real_kernel L o) 0 - Q2R (nth j (nth o (kernels C) []) 0%Q)) <= Q2R epsilon) /\
    Rabs (kernel_bias L o - Q2R (nth o (biases C) 0%Q)) <= Q2R epsilon) /\
  ((forall b, In b (biases C) -> Q2R b = 0) -> forall o, kernel_bias L o = 0).

(** The columns of a box: the input channels of the group a, at all places. *)
Definition box_columns (C : convolution) (a : nat) (box : list Z) : list column := columns (a * inputs C) (inputs C) box.

(** Those that are not known. *)
Definition unknown_columns (C : convolution) (a : nat) (box : list Z) (choice : list slot) : list column :=
  filter (fun c => negb (known choice box (snd c))) (box_columns C a box).

(** A row of a window: an output channel of the group, and where the window starts. *)
Definition window_of (C : convolution) (choice : list slot) (w : nat * list Z) : Prop :=
  (fst w < outputs C)%nat /\ In (snd w) (choices (map slot_starts choice)).

(** It reads a column if a tap of the window stands at its place, whatever the kernel is there. *)
Definition reads_column (C : convolution) (box : list Z) (w : nat * list Z) (c : column) : Prop :=
  exists u, In u (places (map taps (axes C))) /\ place_read Zeros (axes C) box (snd w) u = Some (snd c).

(** Starts that are the same except along one axis. *)
Definition along_one_axis (starts : list (list Z)) : Prop :=
  exists k, forall s t, In s starts -> In t starts -> forall l, l <> k -> nth l s 0%Z = nth l t 0%Z.

(** Different rows, as many as there are columns that are not known, each of which reads one of these of its own, and whose
    windows start at different places along one axis at most, are linearly independent in these columns: if [v] is 0 in the
    other columns and orthogonal to the rows, it is 0. *)
Definition windows_full_spark (C : convolution) (L : real_kernels) (a : nat) (box : list Z) (choice : list slot) : Prop :=
  forall (rows : list (nat * list Z)) (v : picture),
    NoDup rows -> (forall w, In w rows -> window_of C choice w) ->
    Forall2 (reads_column C box) rows (unknown_columns C a box choice) -> along_one_axis (map snd rows) ->
    (forall c, In c (box_columns C a box) -> known choice box (snd c) = true -> at_column v c = 0) ->
    (forall w, In w rows -> window_sum C L Zeros box v a (fst w) (snd w) = 0) ->
    forall c, In c (unknown_columns C a box choice) -> at_column v c = 0.
