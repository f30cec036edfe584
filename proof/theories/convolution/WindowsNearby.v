(** Rule "packing" inside "boxes" with epsilon: the refuters stay refuters in the columns that they read; and "boxes" with such
    packings. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers RealLayers Streams Integers Rows Domains Tables Combinations Pairs OneLayer.
From Proof.rules Require Import Blocks PackingNearby.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering FullSpark Boxes Matching WindowPacking
  PackedWindows WindowSums PackedBoxes.
Import ListNotations.
Open Scope R_scope.

(** * The columns within reach *)

Lemma either_same_length : forall a b, length a = length b -> length (either a b) = length b.
Proof. induction a as [|p a IH]; intros [|q b] L; try discriminate L; [reflexivity|]. cbn in *. rewrite IH; lia. Qed.

Lemma either_true : forall a b k, length a = length b -> nth k a false = true \/ nth k b false = true ->
  nth k (either a b) false = true.
Proof.
  induction a as [|p a IH]; intros [|q b] [|k] L H; try discriminate L; cbn [either nth] in *.
  1, 2: destruct H; discriminate.
  - apply orb_true_iff, H.
  - apply IH; [cbn in L; lia|exact H].
Qed.

Lemma in_cut : forall A (mask : list bool) (l : list A) k c, nth k mask false = true -> nth_error l k = Some c -> In c (cut mask l).
Proof.
  induction mask as [|[] mask IH]; intros [|b l] [|k] c M E; try discriminate; cbn [nth nth_error cut] in *.
  - left. congruence.
  - right. apply (IH l k c M E).
  - apply (IH l k c M E).
Qed.

Lemma cut_in : forall A (mask : list bool) (l : list A) c, In c (cut mask l) -> In c l.
Proof.
  induction mask as [|[] mask IH]; intros [|b l] c I; cbn [cut] in I; try destruct I as [<-|I]; try contradiction.
  - left. reflexivity.
  - right. apply IH, I.
  - right. apply IH, I.
Qed.

Lemma cut_NoDup : forall A (mask : list bool) (l : list A), NoDup l -> NoDup (cut mask l).
Proof.
  induction mask as [|[] mask IH]; intros [|b l] N; cbn [cut]; try constructor; inversion N; subst; auto.
  intro I. apply cut_in in I. contradiction.
Qed.

Lemma within_reach_reads : forall cols ws w c, (forall w, In w ws -> marks w = marks_of cols (reading w)) -> In w ws ->
  In (Some c) (reading w) -> In c cols -> In c (within_reach cols ws).
Proof.
  intros cols ws w c M W R CI. apply In_nth_error in CI as (k & E). apply (in_cut _ _ cols k c); [|exact E].
  assert (ML : forall u, In u ws -> length (marks u) = length cols) by (intros u U; rewrite (M u U); apply map_length).
  assert (MK : nth k (marks w) false = true).
  { rewrite (M w W). unfold marks_of. apply nth_error_nth. rewrite (map_nth_error _ _ _ E). f_equal. apply existsb_exists.
    exists (Some c). split; [exact R|]. apply same_column_spec. reflexivity. }
  clear M R E. assert (FL : forall us, (forall u, In u us -> length (marks u) = length cols) ->
    length (fold_right (fun w l => either (marks w) l) (repeat false (length cols)) us) = length cols).
  { induction us as [|u us IH]; intros B; cbn [fold_right]; [apply repeat_length|].
    assert (L := IH (fun v V => B v (or_intror V))). rewrite either_same_length; [exact L|]. rewrite L. apply B. left. reflexivity. }
  induction ws as [|u ws IH]; [destruct W|]. cbn [fold_right].
  assert (B := fun v V => ML v (or_intror V)).
  apply either_true; [rewrite (FL ws B); apply ML; left; reflexivity|].
  destruct W as [<-|W]; [left; exact MK|right; apply IH; assumption].
Qed.

(** * One box *)

Section Near.

Variable C : convolution.
Variable a : nat.
Variable box : list Z.
Variable choice : list slot.
Variable epsilon : Q.
Variable L : real_kernels.
Hypothesis near : kernels_near epsilon C L.
Hypothesis axes_sound : forallb sound_axis (axes C) = true.
Hypothesis axes_fit : length (axes C) = length box.
Hypothesis choice_fits : length choice = length box.

Let cols := box_columns C a box.

Lemma no_bias : any_bias C = false -> forall o, Q2R (nth o (biases C) 0%Q) = 0 /\ kernel_bias L o = 0.
Proof.
  intro H. assert (Z0 : forall b, In b (biases C) -> Q2R b = 0).
  { intros b B. destruct (Z.eqb_spec (Qnum b) 0) as [E|N]; [unfold Q2R; rewrite E; lra|exfalso].
    assert (T : any_bias C = true); [|congruence]. apply existsb_exists. exists b. split; [exact B|].
    apply negb_true_iff, Z.eqb_neq, N. }
  intro o. split; [|apply (proj2 near Z0)]. destruct (Nat.lt_ge_cases o (length (biases C))) as [B|B]; [apply Z0, nth_In, B|].
  rewrite nth_overflow by exact B. apply Q2R_zero.
Qed.

(** The row of a window with the other kernels, in some columns. *)
Definition other_row (near_cols : list column) (w : placed) : real_row :=
  RealRow (real_spread near_cols (real_kernel L (output_channel C a (channel w))) (reading w))
    (kernel_bias L (output_channel C a (channel w))).

Lemma window_twin : forall near_cols w q, 0 <= Q2R epsilon -> In w (placed_windows C a box choice) ->
  made_from (length near_cols) (window_row C near_cols a (reading w) (channel w)) q ->
  twin (length near_cols) (any_bias C) epsilon (Term 0 1 q) (other_row near_cols w).
Proof.
  intros near_cols w q EP W M. assert (SL := start_length C a box choice choice_fits w W). apply placed_in in W as [E _].
  set (o := output_channel C a (channel w)). destruct (proj1 near o) as (LK & NK & NB).
  exists (window_row C near_cols a (reading w) (channel w)). split; [exact M|]. split; [apply map_length|]. split; [split; [|split]|].
  - cbn. unfold real_spread, spread. rewrite !map_length. reflexivity.
  - intro j. cbn [other_row real_normal window_row normal]. unfold real_spread, spread.
    destruct (Nat.lt_ge_cases j (length near_cols)) as [B|B].
    + rewrite (nth_indep _ 0 (real_coefficient (O, []) (real_kernel L o) (reading w))) by (rewrite map_length; exact B).
      rewrite (nth_indep _ 0%Q (coefficient (O, []) (kernel_of C a (channel w)) (reading w))) by (rewrite map_length; exact B).
      rewrite (map_nth (fun c => real_coefficient c (real_kernel L o) (reading w))),
        (map_nth (fun c => coefficient c (kernel_of C a (channel w)) (reading w))).
      rewrite coefficient_real. apply coefficient_near.
      * exact EP.
      * rewrite map_length. exact LK.
      * intro i. replace (nth i (map Q2R (kernel_of C a (channel w))) 0) with (Q2R (nth i (kernel_of C a (channel w)) 0%Q));
        [apply NK|].
        rewrite <- Q2R_zero. symmetry. apply map_nth.
      * rewrite E. apply read_once; assumption.
    + rewrite !nth_overflow by (rewrite map_length; exact B). rewrite Q2R_zero, Rminus_0_r, Rabs_R0. exact EP.
  - exact NB.
  - intro HB. destruct (no_bias HB o) as [B0 B1]. split; [|split; [exact B0|exact B1]].
    destruct M as (_ & _ & V). specialize (V (fun _ => 0)). unfold value, affine in V. rewrite zero_dot in V.
    cbn [function bias window_row] in *.
    unfold bias_of in V. fold o in V. rewrite B0 in V.
    assert (I0 : Integers.idot (weights q) (fun _ => 0) = 0).
    { rewrite (Integers.idot_ext _ _ (Integers.times 0 Integers.zero_point)); [rewrite Integers.idot_times; ring|].
      intros; unfold Integers.times, Integers.zero_point; ring. }
    rewrite I0 in V. apply eq_IZR. lra.
Qed.

(** Some window of a refuter that bears epsilon is not negative. *)
Lemma bearing_window : forall ws s z, windows_bear C a cols epsilon ws s = true ->
  (forall w, In w ws -> In w (placed_windows C a box choice)) ->
  exists w, In w ws /\ 0 <= kernel_bias L (output_channel C a (channel w)) + window_sum C L Zeros box z a (channel w) (begins w).
Proof.
  intros ws s z H P. unfold windows_bear in H. destruct (rows_within C a cols ws) as [rows|] eqn:RW; [|discriminate].
  unfold rows_within in RW. set (near_cols := within_reach cols ws) in *. apply integer_rows_spec in RW.
  assert (EP : 0 < Q2R epsilon).
  { assert (B := H). unfold bears in B. do 3 (apply andb_prop in B as [B _]). apply andb_prop in B as [_ B].
    apply positive_radius, B. }
  destruct (bears_sound (length near_cols) (any_bias C) epsilon (vector near_cols z) EP (map (Term 0 1) rows) (force s)
    (map (other_row near_cols) ws) H) as (r & R & V).
  { assert (G : forall us, incl us ws -> forall qs, Forall2 (made_from (length near_cols))
      (map (fun w => window_row C near_cols a (reading w) (channel w)) us) qs ->
      Forall2 (twin (length near_cols) (any_bias C) epsilon) (map (Term 0 1) qs) (map (other_row near_cols) us)).
    { induction us as [|u us IH]; intros IU qs M; inversion M as [|? q ? qs' MQ M']; subst; cbn [map]; constructor.
      - apply window_twin; [lra|apply P, IU; left; reflexivity|exact MQ].
      - apply IH; [|exact M']. intros v B. apply IU. right. exact B. }
    apply (G ws (incl_refl _) rows RW). }
  apply in_map_iff in R as (w & <- & W). exists w. split; [exact W|]. unfold real_affine, other_row in V.
  cbn [real_normal real_bias] in V.
  assert (PW := P w W). assert (SL := start_length C a box choice choice_fits w PW).
  assert (RD : reading w = reads_in C a (window_reads Zeros (axes C) box (begins w)))
    by (destruct (placed_in C a box choice w PW) as [-> _]; reflexivity).
  rewrite real_dot_spread in V.
  - rewrite window_sum_weighted, <- RD. lra.
  - apply cut_NoDup, NoDup_columns.
  - intros c I. apply (within_reach_reads cols ws w c); auto.
    + intros u U. destruct (placed_in C a box choice u (P u U)) as [-> _]. reflexivity.
    + rewrite RD in I. apply (reading_spec C a box (begins w) c axes_fit SL I).
Qed.

End Near.

(** Inputs of the box with the same outputs, which agree at the known places, agree. *)
Theorem packing_determines_nearby : forall C K a box choice epsilon refuters L,
  check_window_packing C K a box choice (Some epsilon) refuters = Good tt -> kernels_near epsilon C L ->
    windows_full_spark C L a box choice ->
  forall x y,
  (forall q t, window_of C choice (q, t) ->
    relu (kernel_bias L (output_channel C a q) + window_sum C L Zeros box x a q t) =
      relu (kernel_bias L (output_channel C a q) + window_sum C L Zeros box y a q t)) ->
  (forall c, In c (box_columns C a box) -> known choice box (snd c) = true -> at_column x c = at_column y c) ->
  forall c, In c (box_columns C a box) -> at_column x c = at_column y c.
Proof.
  intros C K a box choice epsilon refuters L H NE FS x y E KN c CI.
  destruct (accepted_parts C K a box choice (Some epsilon) refuters H) as (IK & rows & found & owner & _ & _ & F & W & O & A).
  destruct (fits_spec C K box choice (Some epsilon) F) as (SA & L1 & L2 & _).
  set (v := mixed 1 (-1) x y). set (z := mixed (1 / 2) (1 / 2) x y).
  enough (G : at_column v c = 0) by (unfold v in G; rewrite at_mixed in G; lra). revert c CI.
  apply (spark_determines C K a box choice (Some epsilon) refuters IK rows found owner L v F W O A FS).
  - intros f FI T. assert (OF := proj1 (windows_of_refuters_spec _ _ _ _ _ _ _ _ _ W) f FI).
    assert (P : forall w, In w (snd f) -> In w (placed_windows C a box choice))
      by (intros w WI; apply (refuter_placed _ _ _ _ _ _ _ _ f w OF WI)).
    destruct OF as (pairs & shown & support & _ & _ & LA). rewrite T in LA. cbn [lasting] in LA. symmetry in LA.
    destruct (bearing_window C a box choice epsilon L NE SA L1 L2 (snd f) shown z LA P) as (w & WI & V).
    exists w. split; [exact WI|]. destruct (placed_in C a box choice w (P w WI)) as [_ WO].
    specialize (E (channel w) (begins w) WO). unfold v, z in *. rewrite window_sum_mixed in *.
    destruct (relu_cases _ _ E) as [S|[S1 S2]]; lra.
  - intros c CI KC. unfold v. rewrite at_mixed, (KN c CI KC). ring.
Qed.

(** * Boxes *)

Lemma packed_accepted : forall check kinds proofs, check_proofs check kinds proofs = Accepted ->
  forall a choice, In (a, choice) kinds ->
  exists p, check a choice p = Accepted /\
    match p with
    | Proved _ => forall e, ~ all_bear e proofs
    | BoxPacking epsilon _ => In (a, choice) (packed kinds proofs) /\
        forall e, all_bear e proofs -> match epsilon with Some e' => (e <= e')%Q | None => False end
    end.
Proof.
  intros check. induction kinds as [|[b other] kinds IH]; intros [|p rest] H a choice I; cbn [check_proofs] in H;
    try discriminate H; [destruct I|].
  destruct (check b other p) eqn:B; [|discriminate]. destruct I as [E|I].
  - injection E as -> ->. exists p. split; [exact B|]. destruct p as [p|[e'|] refuters]; cbn [packed all_bear].
    + auto.
    + split; [left; reflexivity|]. intros e [L _]. exact L.
    + split; [left; reflexivity|auto].
  - destruct (IH rest H a choice I) as (p' & A & P). exists p'. split; [exact A|]. destruct p' as [q|epsilon refuters].
    + intros e AB. destruct p as [p|[e'|] r]; cbn [all_bear] in AB; try contradiction. apply (P e), AB.
    + destruct P as [PI PE]. split; [destruct p; cbn [packed]; [exact PI|right; exact PI]|].
      intros e AB. destruct p as [p|[e'|] r]; cbn [all_bear] in AB; try contradiction. apply PE, AB.
Qed.

(** An output of the layer is that of a window of the box. *)
Lemma box_real_output : forall C L N box p choice a q t, stops (mode C) (axes C) box N p choice -> window_of C choice (q, t) ->
  exists J, In J (windows (axes C) N) /\ forall x,
    real_g C L N x a q J = kernel_bias L (output_channel C a q) + window_sum C L Zeros box (moved p x) a q t.
Proof.
  intros C L N box p choice a q t ST [_ T]. destruct (place_read_moved _ _ _ _ _ _ _ ST T) as (J & WJ & R).
  exists J. split; [apply in_windows, WJ|]. intro x. unfold real_g. f_equal. unfold window_sum. apply total_ext. intros [k [i u]] I.
  apply in_combine_r in I. unfold all_taps in I. apply in_prod_iff in I as [_ U]. apply in_places in U. rewrite (proj1 (R u U)).
  cbn [snd]. destruct (place_read Zeros (axes C) box t u); reflexivity.
Qed.

Lemma near_wider : forall e e' C L, (e <= e')%Q -> kernels_near e C L -> kernels_near e' C L.
Proof.
  intros e e' C L E [N B]. apply Qle_Rle in E. split; [|exact B]. intro o. destruct (N o) as (N1 & N2 & N3).
  split; [exact N1|]. split; [intro j; specialize (N2 j)|]; lra.
Qed.

Theorem check_packed_boxes_sound : forall C K minimum residues box slots proofs N,
  large_enough (mode C) (axes C) minimum = true -> check_packed_boxes C K minimum residues box slots proofs = Accepted ->
  among_many (axes C) minimum residues N -> injective_if_windows_full_spark C K box slots proofs N.
Proof.
  intros C K minimum residues box slots proofs N LE H A. unfold check_packed_boxes in H.
  destruct (grid_coverage (mode C) 1 (axes C) box slots minimum residues) eqn:G; [|discriminate]. split.
  - intro FS. apply (boxes_injective C K minimum residues box slots N LE G A). intros a choice I.
    destruct (packed_accepted _ _ _ H a choice I) as ([p|epsilon refuters] & B & P); [apply (check_box_injective _ _ _ _ _ _ B)|].
    cbn [check_packed_box] in B. destruct (column_domain K (box_columns C a box)) as [K'|]; [|discriminate]. exists K'.
    split; [reflexivity|].
    apply of_rows_accepted in B. apply (packing_injective_if_full_spark C K' a box choice epsilon refuters B). apply FS, P.
  - intros e L AB NE FS x y E. apply (boxes_agree C minimum residues box slots N x y LE G A). intros a choice p I ST KC.
    destruct (packed_accepted _ _ _ H a choice I) as ([q|epsilon refuters] & B & P); [exfalso; apply (P e AB)|].
    destruct P as [PI PE]. specialize (PE e AB). destruct epsilon as [e'|]; [|contradiction].
    cbn [check_packed_box] in B. destruct (column_domain K (box_columns C a box)) as [K'|]; [|discriminate].
    apply of_rows_accepted in B.
    apply in_box_kinds in I as [GA _].
    apply (packing_determines_nearby C K' a box choice e' refuters L B (near_wider e e' C L PE NE) (FS a choice PI)); [|exact KC].
    intros q t T. destruct (box_real_output C L N box p choice a q t ST T) as (J & JW & V). rewrite <- !V.
    apply E; [exact GA|apply T|exact JW].
Qed.
