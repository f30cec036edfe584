(** One size: the rules about rows, for the rows of the unrolled layer. *)

From Coq Require Import List Bool ZArith QArith Reals Lia.
From Proof Require Import Layers Streams Rows Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Convolutions Windows Geometry.
Import ListNotations.
Open Scope Z_scope.

(** Why something is not accepted: for the words of the program, nothing rests on it. *)
Inductive coverage_fault :=
  | BelowStride | AboveMinimum | BothEndsKnown | TooMuchKnown | NoFirst | NoInner | NoLast (residue : Z).

Inductive fault :=
  | DoesNotFit
  | OfRows (why : reason)
  | NotCovered (axis : Z) (why : coverage_fault)
  | ProofsEnd
  | ProofsGoOn
  | StageMissing (column : Z)
  | LongPeriod
  | PeriodOne
  | LeavesPatch
  | NoGroup
  | ZeroTap
  | Paired
  | NoReader
  | TooManyRows.

Inductive answer := Accepted | Refused (why : fault).

Definition of_rows (o : outcome unit) : answer := match o with Good _ => Accepted | Bad why => Refused (OfRows why) end.

(** A window is what its taps read, in the order of the taps. *)
Definition window_list := list (list (option (list Z))).

Definition reads_in (C : convolution) (a : nat) (w : list (option (list Z))) : list (option column) :=
  reads_of (a * inputs C) (inputs C) w.

(** Rows in lexicographic order of (o, J), *)
Definition rows_by_channel (C : convolution) (cols : list column) (ws : window_list) : list row :=
  flat_map (fun a => let reads := map (reads_in C a) ws in
    flat_map (fun q => map (fun r => window_row C cols a r q) reads) (seq 0 (outputs C))) (seq 0 (groups C)).

(** and of (J, o). *)
Definition rows_by_window (C : convolution) (cols : list column) (ws : window_list) : list row :=
  flat_map (fun w => flat_map (fun a => let reads := reads_in C a w in
    map (fun q => window_row C cols a reads q) (seq 0 (outputs C))) (seq 0 (groups C))) ws.

Definition layer_columns (C : convolution) (N : list Z) : list column := columns 0 (in_channels C) N.
Definition layer_windows (C : convolution) (N : list Z) : window_list :=
  map (fun J => window_reads (mode C) (axes C) N (start (axes C) J)) (windows (axes C) N).

Definition unrolled (C : convolution) (N : list Z) : list row := rows_by_channel C (layer_columns C N) (layer_windows C N).

Definition check_at_size (C : convolution) (K : domain) (N : list Z) (p : rows_proof) : answer :=
  let cols := layer_columns C N in
  match column_domain K cols with
  | None => Refused DoesNotFit
  | Some K' =>
      match p with
      | CollisionProof _ _ => of_rows (check_rows (length cols) K' (rows_by_window C cols (layer_windows C N)) p)
      | _ => if shows_injective p then of_rows (check_rows (length cols) K' (unrolled C N) p) else Refused DoesNotFit
      end
  end.

Definition check_blocks_at_size (C : convolution) (K : domain) (N : list Z) (blocks : stream block) : answer :=
  let cols := layer_columns C N in
  match column_domain K cols with
  | None => Refused DoesNotFit
  | Some K' => of_rows (check_blocks (length cols) K' (unrolled C N) blocks)
  end.

Lemma of_rows_accepted : forall o, of_rows o = Accepted -> o = Good tt.
Proof. intros [[]|why] H; [reflexivity|discriminate]. Qed.

(** The rows of all windows of a list, in any order. *)
Definition rows_of (C : convolution) (cols : list column) (ws : window_list) (r : row) : Prop :=
  exists w a q, In w ws /\ (a < groups C)%nat /\ (q < outputs C)%nat /\ r = window_row C cols a (reads_in C a w) q.

Lemma in_rows_by_channel : forall C cols ws r, In r (rows_by_channel C cols ws) <-> rows_of C cols ws r.
Proof.
  intros C cols ws r. unfold rows_by_channel, rows_of. rewrite in_flat_map. split.
  - intros (a & A & H). apply in_flat_map in H as (q & Q & H). apply in_map_iff in H as (s & <- & H).
    apply in_map_iff in H as (w & <- & W). apply in_seq in A, Q. exists w, a, q. repeat split; auto; lia.
  - intros (w & a & q & W & A & Q & ->). exists a. split; [apply in_seq; lia|]. apply in_flat_map.
    exists q. split; [apply in_seq; lia|]. apply in_map_iff. exists (reads_in C a w). split; [reflexivity|].
    apply in_map. exact W.
Qed.

Lemma in_rows_by_window : forall C cols ws r, In r (rows_by_window C cols ws) <-> rows_of C cols ws r.
Proof.
  intros C cols ws r. unfold rows_by_window, rows_of. rewrite in_flat_map. split.
  - intros (w & W & H). apply in_flat_map in H as (a & A & H). apply in_map_iff in H as (q & <- & Q).
    apply in_seq in A, Q. exists w, a, q. repeat split; auto; lia.
  - intros (w & a & q & W & A & Q & ->). exists w. split; [exact W|]. apply in_flat_map.
    exists a. split; [apply in_seq; lia|]. apply in_map_iff. exists q. split; [reflexivity|]. apply in_seq. lia.
Qed.

Lemma channel_below : forall C a i, (a < groups C)%nat -> (i < inputs C)%nat -> (a * inputs C + i < in_channels C)%nat.
Proof.
  intros C a i A I. unfold in_channels. apply Nat.lt_le_trans with (a * inputs C + inputs C)%nat; [lia|].
  replace (a * inputs C + inputs C)%nat with (S a * inputs C)%nat by lia. apply Nat.mul_le_mono_r. lia.
Qed.

Lemma channel_split : forall C i, (i < in_channels C)%nat ->
  exists a k, (a < groups C)%nat /\ (k < inputs C)%nat /\ i = input_channel C a k.
Proof.
  intros C i I. unfold in_channels in I. assert (c0 : (inputs C <> 0)%nat) by (intro F; rewrite F in I; lia).
  exists (i / inputs C)%nat, (i mod inputs C)%nat. split; [apply Nat.div_lt_upper_bound; lia|].
  split; [apply Nat.mod_upper_bound, c0|]. unfold input_channel. rewrite Nat.mul_comm. apply Nat.div_mod, c0.
Qed.

Section OneSize.

Variable C : convolution.
Variable K K' : domain.
Variable N : list Z.
Hypothesis fits : large_enough (mode C) (axes C) N = true.

Let cols := layer_columns C N.
Hypothesis columns_domain : column_domain K cols = Some K'.

Lemma row_output : forall x a q J, (a < groups C)%nat -> In J (windows (axes C) N) ->
  affine (window_row C cols a (reads_in C a (window_reads (mode C) (axes C) N (start (axes C) J))) q) (vector cols x) = g C N x a q J.
Proof.
  intros x a q J A WJ. rewrite affine_window_row, g_weighted; [reflexivity|apply NoDup_columns|].
  intros [i p] H. apply (window_reads_columns _ _ _ _ _ _ _ fits WJ) in H. apply in_columns in H as [H P].
  apply in_columns. split; [|exact P]. assert (B := channel_below C a (i - a * inputs C) A ltac:(lia)). lia.
Qed.

Lemma outputs_of_rows : forall x y rows, (forall r, In r rows <-> rows_of C cols (layer_windows C N) r) ->
  (output rows (vector cols x) = output rows (vector cols y) <-> same_outputs C N x y).
Proof.
  intros x y rows H. split.
  - intros E a q J A Q WJ. rewrite <- !(row_output _ a q J A WJ). apply (outputs_in rows _ _ E). apply H.
    exists (window_reads (mode C) (axes C) N (start (axes C) J)), a, q. repeat split; auto.
    unfold layer_windows. apply in_map_iff. exists J. auto.
  - intro E. apply outputs_equal. intros r R. apply H in R as (w & a & q & W & A & Q & ->).
    unfold layer_windows in W. apply in_map_iff in W as (J & <- & WJ). rewrite !row_output by assumption. apply E; assumption.
Qed.

Lemma within_inside : forall x, within C N K x <-> inside (length cols) K' (vector cols x).
Proof.
  intro x. rewrite (inside_columns K cols K' x columns_domain). split.
  - intros W [i p] H. apply in_columns in H as [H P]. apply (W i p); [lia|exact P].
  - intros A i j I J. apply (A (i, j)). apply in_columns. split; [lia|exact J].
Qed.

Lemma same_vectors : forall x y, same (length cols) (vector cols x) (vector cols y) <-> same_inputs C N x y.
Proof.
  intros x y. split.
  - intros S i j I J. assert (H : In (i, j) cols) by (apply in_columns; split; [lia|exact J]).
    apply (In_nth _ _ (O, [])) in H as (k & L & E). assert (V : forall z, vector cols z k = at_column z (i, j)) by (intro z; unfold vector; f_equal; exact E).
    specialize (S k L). rewrite !V in S. exact S.
  - intros S k L. unfold vector. assert (H := nth_In cols (O, []) L). destruct (nth k cols (O, [])) as [i p].
    unfold cols, layer_columns in H. apply in_columns in H as [H P]. apply (S i p); [lia|exact P].
Qed.

Theorem unrolled_injective : injective (length cols) K' (unrolled C N) -> injective_at C K N.
Proof.
  intros INJ x y X Y E. apply same_vectors. apply INJ.
  - apply within_inside, X.
  - apply within_inside, Y.
  - apply outputs_of_rows; [|exact E]. intro r. exact (in_rows_by_channel C cols (layer_windows C N) r).
Qed.

Theorem unrolled_collides : collides (length cols) K' (rows_by_window C cols (layer_windows C N)) -> collides_at C K N.
Proof.
  intros (X & Y & IX & IY & E & D).
  assert (V := vector_picture_of cols (NoDup_columns _ _ _)).
  exists (picture_of cols X), (picture_of cols Y). split; [|split; [|split]].
  - apply within_inside, (inside_same cols K K' X); auto. intros k L. symmetry. apply V, L.
  - apply within_inside, (inside_same cols K K' Y); auto. intros k L. symmetry. apply V, L.
  - apply (outputs_of_rows _ _ (rows_by_window C cols (layer_windows C N))); [intro r; exact (in_rows_by_window C cols (layer_windows C N) r)|].
    apply outputs_equal. intros r R. assert (T := outputs_in _ _ _ E r R).
    apply in_rows_by_window in R as (w & a & q & _ & _ & _ & ->).
    rewrite !(affine_ext _ (vector cols (picture_of cols _)) _) in * by
      (cbn [normal window_row]; unfold spread; rewrite map_length; apply V). exact T.
  - intro S. apply D. apply same_vectors in S. intros k L. rewrite <- (V X k L), <- (V Y k L). apply S, L.
Qed.

End OneSize.

(** What a proof about rows claims. *)
Definition shows_collision (p : rows_proof) : bool := match p with CollisionProof _ _ => true | _ => false end.

Theorem check_at_size_sound : forall C K N p, large_enough (mode C) (axes C) N = true ->
  check_at_size C K N p = Accepted -> if shows_collision p then collides_at C K N else injective_at C K N.
Proof.
  intros C K N p L H. unfold check_at_size in H.
  destruct (column_domain K (layer_columns C N)) as [K'|] eqn:D; [|discriminate].
  destruct p; cbn [shows_injective shows_collision] in *; try discriminate H; apply of_rows_accepted, check_rows_sound in H.
  - apply (unrolled_collides C K K' N L D H).
  - apply (unrolled_injective C K K' N L D H).
  - apply (unrolled_injective C K K' N L D H).
Qed.

Theorem check_blocks_at_size_sound : forall C K N blocks, large_enough (mode C) (axes C) N = true ->
  check_blocks_at_size C K N blocks = Accepted -> injective_at C K N.
Proof.
  intros C K N blocks L H. unfold check_blocks_at_size in H.
  destruct (column_domain K (layer_columns C N)) as [K'|] eqn:D; [|discriminate].
  apply of_rows_accepted, check_blocks_sound in H. apply (unrolled_injective C K K' N L D H).
Qed.
