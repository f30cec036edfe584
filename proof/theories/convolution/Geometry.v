(** For which sizes a layer is defined, and that its windows read places of the grid. *)

From Coq Require Import List Bool ZArith QArith Reals Lia.
From Proof Require Import Layers.
From Proof.convolution Require Import Convolutions Windows.
Import ListNotations.
Open Scope Z_scope.

Definition sound_axis (a : axis) : bool :=
  (0 <? taps a) && (0 <? stride a) && (0 <? dilation a) && (0 <=? low a) && (0 <=? high a).

(** An axis has windows for this size and all larger ones. *)
Definition least_size (m : padding_mode) (a : axis) : Z :=
  Z.max (Z.max 1 (extent a - low a - high a))
        (match m with
         | Zeros | Replicate => 1
         | Circular => Z.max (low a) (high a)
         | Reflect => Z.max (low a) (high a) + 1
         end).

Fixpoint large_enough (m : padding_mode) (axes : list axis) (N : list Z) : bool :=
  match axes, N with
  | [], [] => true
  | a :: axes', n :: N' => sound_axis a && (least_size m a <=? n) && large_enough m axes' N'
  | _, _ => false
  end.

(** The layer is defined for all sizes that are asked about. *)
Definition sizes_fit (C : convolution) (S : sizes) : bool :=
  match S with
  | OneSize N => large_enough (mode C) (axes C) N
  | ManySizes minimum _ => large_enough (mode C) (axes C) minimum
  end.

Lemma sound_axis_spec : forall a, sound_axis a = true -> 0 < taps a /\ 0 < stride a /\ 0 < dilation a /\ 0 <= low a /\ 0 <= high a.
Proof. intros a H. unfold sound_axis in H. lia. Qed.

Lemma large_enough_sound : forall m axes N, large_enough m axes N = true -> forall a, In a axes -> sound_axis a = true.
Proof.
  induction axes as [|a axes IH]; intros [|n N] H b B; try discriminate H; [destruct B|].
  cbn [large_enough] in H. apply andb_prop in H as [H T]. apply andb_prop in H as [A _].
  destruct B as [<-|B]; [exact A|apply (IH N T b B)].
Qed.

Lemma large_enough_defined : forall m axes N, large_enough m axes N = true -> defined m axes N.
Proof.
  induction axes as [|a axes IH]; intros [|n N] H; try discriminate H; [exact I|].
  cbn [large_enough defined] in *. apply andb_prop in H as [H T]. apply andb_prop in H as [A L].
  apply sound_axis_spec in A. apply Z.leb_le in L. unfold least_size in L.
  split; [lia|]. split; [|split; [destruct m; lia|apply IH, T]].
  unfold window_count. assert (0 <= (n + low a + high a - extent a) / stride a) by (apply Z.div_pos; lia). lia.
Qed.

(** And so for larger sizes. *)
Lemma among_large_enough : forall m axes minimum residues N, large_enough m axes minimum = true ->
  among_many axes minimum residues N -> large_enough m axes N = true.
Proof.
  induction axes as [|a axes IH]; intros [|least minimum] [|r residues] [|n N] L A; try contradiction; try discriminate L; [reflexivity|].
  cbn [large_enough] in *. destruct A as (M & _ & A). apply andb_prop in L as [L T]. apply andb_prop in L as [S L].
  rewrite S, (IH minimum residues N T A). apply Z.leb_le in L. rewrite (proj2 (Z.leb_le (least_size m a) n)) by lia. reflexivity.
Qed.

Lemma sizes_fit_spec : forall C S N, sizes_fit C S = true -> among C S N -> large_enough (mode C) (axes C) N = true.
Proof.
  intros C [M|minimum residues] N F A; cbn [sizes_fit among] in *; [subst; exact F|].
  apply (among_large_enough _ _ _ _ _ F A).
Qed.

Lemma in_windows : forall axes N J, In J (windows axes N) <-> Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p)) (combine axes N) J.
Proof.
  intros axes N J. unfold windows. rewrite in_places. generalize (combine axes N). intro l. revert J.
  induction l as [|p l IH]; intro J; cbn [map]; split; intro H; inversion H; subst; constructor; auto; apply IH; assumption.
Qed.

(** A tap along one axis. *)
Lemma padded_range : forall m a n J u j, sound_axis a = true -> least_size m a <= n -> 0 <= J < window_count a n ->
  0 <= u < taps a -> padded m n (stride a * J - low a + dilation a * u) = Some j -> 0 <= j < n.
Proof.
  intros m a n J u j S L W U H. apply sound_axis_spec in S as (S1 & S2 & S3 & S4 & S5).
  assert (W2 : stride a * J <= n + low a + high a - extent a).
  { unfold window_count in W. apply Z.le_trans with (stride a * ((n + low a + high a - extent a) / stride a)).
    - apply Z.mul_le_mono_nonneg_l; lia.
    - apply Z.mul_div_le. lia. }
  assert (SJ : 0 <= stride a * J) by (apply Z.mul_nonneg_nonneg; lia).
  assert (DU : 0 <= dilation a * u <= extent a - 1).
  { unfold extent. split; [apply Z.mul_nonneg_nonneg; lia|].
    replace (dilation a * (taps a - 1) + 1 - 1) with (dilation a * (taps a - 1)) by ring. apply Z.mul_le_mono_nonneg_l; lia. }
  unfold least_size in L. unfold padded in H. set (k := stride a * J - low a + dilation a * u) in *.
  assert (K : - low a <= k <= n + high a - 1) by (unfold k; lia). clearbody k. clear SJ DU W2.
  assert (E : forall x y : Z, Some x = Some y -> x = y) by congruence.
  destruct (Z.leb_spec 0 k), (Z.ltb_spec k n); cbn [andb] in H; try (injection H as <-; lia); try lia;
    destruct m; cbn iota in L; try discriminate H; apply E in H; subst j; try (apply Z.mod_pos_bound; lia);
    destruct (Z.ltb_spec k 0); lia.
Qed.

Lemma place_read_in_grid : forall m axes N J u p, large_enough m axes N = true -> In J (windows axes N) ->
  In u (places (map taps axes)) -> place_read m axes N (start axes J) u = Some p -> In p (places N).
Proof.
  intros m axes N J u p L WJ U H. apply in_windows in WJ. apply in_places in U. apply in_places.
  revert N J u p L WJ U H. induction axes as [|a axes IH]; intros [|n N] J u p L WJ U H; try discriminate L.
  - cbn in H. injection H as <-. constructor.
  - cbn [combine map] in WJ, U. inversion WJ as [|? j ? J' W WJ']; subst. inversion U as [|? u1 ? u' UR U']; subst.
    cbn [large_enough] in L. apply andb_prop in L as [L T]. apply andb_prop in L as [S L]. apply Z.leb_le in L.
    unfold start in H. cbn [combine map place_read fst snd] in H. fold (start axes J') in H.
    destruct (padded m n (stride a * j - low a + dilation a * u1)) as [k|] eqn:P; [|discriminate].
    destruct (place_read m axes N (start axes J') u') as [rest|] eqn:R; [|discriminate]. injection H as <-.
    constructor; [apply (padded_range m a n j u1 k S L W UR P)|apply (IH N J' u' rest T WJ' U' R)].
Qed.

(** What a window of the layer reads are columns. *)
Lemma window_reads_columns : forall m axes N J first count c, large_enough m axes N = true -> In J (windows axes N) ->
  In (Some c) (reads_of first count (window_reads m axes N (start axes J))) -> In c (columns first count N).
Proof.
  intros m axes N J first count [i p] L WJ H. apply in_flat_map in H as (k & K & H).
  apply in_map_iff in H as (r & E & H). unfold window_reads in H. apply in_map_iff in H as (u & <- & U).
  destruct (place_read m axes N (start axes J) u) as [q|] eqn:P; [|discriminate]. injection E as -> ->.
  apply in_columns. apply in_seq in K. split; [lia|]. apply (place_read_in_grid m axes N J u p L WJ U P).
Qed.
