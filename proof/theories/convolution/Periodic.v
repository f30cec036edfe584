(** Rule "periodic": two inputs that repeat along every axis. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Rows Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering Boxes.
Import ListNotations.
Open Scope Z_scope.

Definition all_ones (period : list Z) : bool := forallb (fun q => q =? 1) period.
Definition unpadded (axes : list axis) : bool := forallb (fun a => (low a =? 0) && (high a =? 0)) axes.
Definition is_zeros (m : padding_mode) : bool := match m with Zeros => true | _ => false end.

(** The sizes are at least the period, which is positive. *)
Fixpoint period_fits (minimum period : list Z) : bool :=
  match minimum, period with
  | [], [] => true
  | n :: minimum', q :: period' => (1 <=? q) && (q <=? n) && period_fits minimum' period'
  | _, _ => false
  end.

(** What a window sees along an axis: its phase, and the taps from first to last, while the others see zeros. *)
Record view := View { phase : Z; first_tap : Z; last_tap : Z }.

(** How many taps at most lie beyond an end when one lies in the grid: l / D, rounded up. *)
Definition left_out (a : axis) (width : Z) : Z := Z.min (- (- width / dilation a)) (taps a - 1).

Definition from_to (u v : Z) : list Z := map (Z.add u) (below (v - u + 1)).

Definition views_along (m : padding_mode) (a : axis) (q : Z) : list view :=
  flat_map (fun p =>
    flat_map (fun u => map (View p u) (from_to (Z.max u (taps a - 1 - left_out a (zeros_high m a))) (taps a - 1)))
             (from_to 0 (left_out a (zeros_low m a))))
    (below q).

Definition tap_seen (a : axis) (q : Z) (w : view) (u : Z) : option Z :=
  if (first_tap w <=? u) && (u <=? last_tap w) then Some ((phase w + dilation a * u) mod q) else None.

Fixpoint place_seen (axes : list axis) (period : list Z) (ws : list view) (u : list Z) : option (list Z) :=
  match axes, period, ws, u with
  | a :: axes', q :: period', w :: ws', k :: u' =>
      match tap_seen a q w k, place_seen axes' period' ws' u' with
      | Some j, Some rest => Some (j :: rest)
      | _, _ => None
      end
  | _, _, _, _ => Some []
  end.

Definition all_views (C : convolution) (period : list Z) : list (list view) :=
  choices (map (fun p => views_along (mode C) (fst p) (snd p)) (combine (axes C) period)).

Definition periodic_windows (C : convolution) (period : list Z) : window_list :=
  map (fun ws => map (place_seen (axes C) period ws) (places (map taps (axes C)))) (all_views C period).

(** The points are one period of each input. *)
Definition check_periodic (C : convolution) (K : domain) (minimum period : list Z) (x y : list Q) : answer :=
  let cols := layer_columns C period in
  match column_domain K cols with
  | None => Refused DoesNotFit
  | Some K' =>
      if period_fits minimum period then
        if is_zeros (mode C) || unpadded (axes C) || all_ones period then
          of_rows (check_rows (length cols) K' (rows_by_window C cols (periodic_windows C period)) (CollisionProof x y))
        else Refused PeriodOne
      else Refused LongPeriod
  end.

Open Scope R_scope.

Fixpoint wrapped (period j : list Z) : list Z :=
  match period, j with
  | q :: period', k :: j' => (k mod q)%Z :: wrapped period' j'
  | _, _ => []
  end.

(** Nothing is padded along the axis, or with zeros, or the inputs are constant along it. *)
Definition tame (m : padding_mode) (a : axis) (q : Z) : Prop := m = Zeros \/ (low a = 0 /\ high a = 0)%Z \/ q = 1%Z.

Lemma in_from_to : forall u v k, In k (from_to u v) <-> (u <= k <= v)%Z.
Proof.
  intros u v k. unfold from_to. rewrite in_map_iff. split.
  - intros (j & <- & J). apply in_below in J. lia.
  - intro H. exists (k - u)%Z. split; [lia|]. apply in_below. lia.
Qed.

Lemma in_views : forall m a q p u v, (0 <= p < q)%Z -> (0 <= u <= left_out a (zeros_low m a))%Z ->
  (u <= v <= taps a - 1)%Z -> (taps a - 1 - left_out a (zeros_high m a) <= v)%Z -> In (View p u v) (views_along m a q).
Proof.
  intros m a q p u v P U V W. unfold views_along. apply in_flat_map. exists p. split; [apply in_below, P|].
  apply in_flat_map. exists u. split; [apply in_from_to, U|]. apply in_map, in_from_to. lia.
Qed.

Lemma ceiling : forall w d, (0 < d -> d * - (- w / d) >= w)%Z.
Proof. intros w d D. assert (E := Z.div_mod (- w) d ltac:(lia)). assert (B := Z.mod_pos_bound (- w) d D). lia. Qed.

Lemma wrap_tap : forall t k q, (0 < q)%Z -> ((t mod q + k) mod q = (t + k) mod q)%Z.
Proof. intros t k q Q. rewrite Z.add_mod_idemp_l by lia. reflexivity. Qed.

Lemma left_out_nonnegative : forall a w, (0 < dilation a)%Z -> (0 < taps a)%Z -> (0 <= w)%Z -> (0 <= left_out a w)%Z.
Proof.
  intros a w D T W. unfold left_out. assert (- w / dilation a <= 0)%Z; [|lia].
  apply Z.div_le_upper_bound; lia.
Qed.

Open Scope Z_scope.

(** With zeros around: the taps in the grid are those from u to v. *)
Lemma taps_between : forall a n t, 0 < dilation a -> let u := - (t / dilation a) in let v := (n - 1 - t) / dilation a in
  forall k, (0 <= t + dilation a * k < n <-> u <= k <= v).
Proof.
  intros a n t D u v k. unfold u, v.
  assert (D1 := Z.div_mod t (dilation a) ltac:(lia)). assert (B1 := Z.mod_pos_bound t (dilation a) D).
  assert (D2 := Z.div_mod (n - 1 - t) (dilation a) ltac:(lia)). assert (B2 := Z.mod_pos_bound (n - 1 - t) (dilation a) D).
  split; intro H; split.
  - apply Z.opp_le_mono. rewrite Z.opp_involutive. apply Z.div_le_lower_bound; lia.
  - apply Z.div_le_lower_bound; lia.
  - nia.
  - nia.
Qed.

(** The window J along one axis. *)
Lemma axis_view : forall m a q n J, sound_axis a = true -> 1 <= q <= n -> tame m a q ->
  0 <= J < window_count a n ->
  (exists w, In w (views_along m a q) /\ forall u, 0 <= u < taps a ->
     option_map (fun k => k mod q) (padded m n (stride a * J - low a + dilation a * u)) = tap_seen a q w u)
  \/ (forall u, 0 <= u < taps a -> padded m n (stride a * J - low a + dilation a * u) = None).
Proof.
  intros m a q n J S Q T W. assert (S' := S). apply sound_axis_spec in S' as (S1 & S2 & S3 & S4 & S5).
  assert (W2 : stride a * J <= n + low a + high a - extent a).
  { unfold window_count in W. apply Z.le_trans with (stride a * ((n + low a + high a - extent a) / stride a)).
    - apply Z.mul_le_mono_nonneg_l; lia.
    - apply Z.mul_div_le. lia. }
  assert (SJ : 0 <= stride a * J) by (apply Z.mul_nonneg_nonneg; lia). unfold extent in W2.
  set (t := stride a * J - low a) in *.
  assert (T1 : - low a <= t <= n + high a - 1 - dilation a * (taps a - 1)) by (unfold t; lia).
  clearbody t. clear W2 SJ W J.
  assert (L1 : 0 <= left_out a (zeros_low m a)) by (apply left_out_nonnegative; try assumption; unfold zeros_low; destruct m; lia).
  assert (L2 : 0 <= left_out a (zeros_high m a)) by (apply left_out_nonnegative; try assumption; unfold zeros_high; destruct m; lia).
  assert (MZ : m = Zeros \/ (m <> Zeros /\ (low a = 0 /\ high a = 0 \/ q = 1))).
  { destruct T as [T|T]; [left; exact T|]. destruct m; [left; reflexivity| | |]; right; (split; [discriminate|exact T]). }
  destruct MZ as [->|[NZ T']].
  - set (u0 := Z.max 0 (- (t / dilation a))). set (v0 := Z.min (taps a - 1) ((n - 1 - t) / dilation a)).
    assert (RD : forall u, 0 <= u < taps a ->
      padded Zeros n (t + dilation a * u) = if (u0 <=? u) && (u <=? v0) then Some (t + dilation a * u) else None).
    { intros u U. assert (IN := taps_between a n t S3 u). cbn zeta in IN. unfold padded.
      destruct (Z.leb_spec 0 (t + dilation a * u)), (Z.ltb_spec (t + dilation a * u) n), (Z.leb_spec u0 u), (Z.leb_spec u v0); try reflexivity; lia. }
    destruct (Z.le_gt_cases u0 v0) as [C|C].
    + left. exists (View (t mod q) u0 v0). split.
      * assert (C1 : - (t / dilation a) <= - (- low a / dilation a)).
        { assert (- low a / dilation a <= t / dilation a) by (apply Z.div_le_mono; lia). lia. }
        assert (C2 : taps a - 1 - - (- high a / dilation a) <= (n - 1 - t) / dilation a).
        { assert (G := ceiling (high a) (dilation a) S3). apply Z.div_le_lower_bound; lia. }
        apply in_views; unfold left_out, zeros_low, zeros_high in *; try lia. apply Z.mod_pos_bound. lia.
      * intros u U. rewrite RD by exact U. unfold tap_seen. cbn [first_tap last_tap phase].
        destruct ((u0 <=? u) && (u <=? v0)); [|reflexivity]. cbn [option_map]. rewrite wrap_tap by lia. reflexivity.
    + right. intros u U. rewrite RD by exact U. destruct (Z.leb_spec u0 u), (Z.leb_spec u v0); try reflexivity. lia.
  - left. exists (View (t mod q) 0 (taps a - 1)). split.
    + apply in_views; try lia. apply Z.mod_pos_bound. lia.
    + intros u U. unfold tap_seen. cbn [first_tap last_tap phase].
      destruct (Z.leb_spec 0 u), (Z.leb_spec u (taps a - 1)); try lia. cbn [andb]. rewrite wrap_tap by lia.
      destruct T' as [[T1' T2']| ->].
      * assert (0 <= dilation a * u <= dilation a * (taps a - 1)) by (split; [apply Z.mul_nonneg_nonneg; lia|apply Z.mul_le_mono_nonneg_l; lia]).
        unfold padded. destruct (Z.leb_spec 0 (t + dilation a * u)), (Z.ltb_spec (t + dilation a * u) n); try lia. reflexivity.
      * rewrite Z.mod_1_r. unfold padded. destruct ((0 <=? t + dilation a * u) && (t + dilation a * u <? n));
          [|destruct m; [contradiction| | |]]; cbn [option_map]; rewrite Z.mod_1_r; reflexivity.
Qed.

(** Axis by axis: what holds of an axis and its period. *)
Fixpoint tame_axes (m : padding_mode) (axes : list axis) (period : list Z) : Prop :=
  match axes, period with
  | a :: axes', q :: period' => tame m a q /\ tame_axes m axes' period'
  | _, _ => True
  end.

Lemma tame_spec : forall m axes period, is_zeros m || unpadded axes || all_ones period = true -> tame_axes m axes period.
Proof.
  intros m axes period H. revert period H. induction axes as [|a axes IH]; intros [|q period] H; try exact I.
  cbn [tame_axes]. apply orb_prop in H as [H|H]; [apply orb_prop in H as [H|H]|].
  - split; [left; destruct m; try discriminate; reflexivity|]. apply IH. rewrite H. reflexivity.
  - cbn [unpadded forallb] in H. apply andb_prop in H as [A B]. split; [right; left; lia|].
    apply IH. unfold unpadded. rewrite B, orb_true_r. reflexivity.
  - cbn [all_ones forallb] in H. apply andb_prop in H as [A B]. split; [right; right; lia|].
    apply IH. unfold all_ones. rewrite B, orb_true_r. reflexivity.
Qed.

Lemma Forall2_length : forall A B (P : A -> B -> Prop) l k, Forall2 P l k -> length l = length k.
Proof. induction 1 as [|a b l k _ _ IH]; cbn; [reflexivity|]. rewrite IH. reflexivity. Qed.

(** The periods fit a size. *)
Definition fits_size (N period : list Z) : Prop := Forall2 (fun n q => 1 <= q <= n) N period.

Lemma period_fits_size : forall axes minimum residues N period, period_fits minimum period = true ->
  among_many axes minimum residues N -> fits_size N period.
Proof.
  induction axes as [|a axes IH]; intros [|least minimum] [|r residues] [|n N] [|q period] F A; try contradiction; try discriminate F; [constructor|].
  cbn [period_fits] in F. destruct A as (A1 & _ & A). apply andb_prop in F as [F G]. constructor; [lia|apply (IH minimum residues); assumption].
Qed.

Lemma window_view : forall m axes N period J, large_enough m axes N = true -> fits_size N period -> tame_axes m axes period ->
  Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p)) (combine axes N) J ->
  (exists ws, In ws (choices (map (fun p => views_along m (fst p) (snd p)) (combine axes period))) /\
     forall u, Forall2 in_range (map taps axes) u ->
       option_map (wrapped period) (place_read m axes N (start axes J) u) = place_seen axes period ws u)
  \/ (forall u, Forall2 in_range (map taps axes) u -> place_read m axes N (start axes J) u = None).
Proof.
  intros m. induction axes as [|a axes IH]; intros [|n N] [|q period] J L F T W; try discriminate L; inversion F; subst.
  - left. exists []. split; [left; reflexivity|]. intros u _. reflexivity.
  - cbn [combine map] in W. inversion W as [|? j ? J' W1 W2]; subst. destruct T as [T1 T2].
    cbn [large_enough] in L. apply andb_prop in L as [L L']. apply andb_prop in L as [S L].
    cbn [combine map choices]. unfold start. cbn [combine map fst snd]. fold (start axes J').
    destruct (axis_view m a q n j S ltac:(assumption) T1 W1) as [(w & IW & E)|E].
    + destruct (IH N period J' L' ltac:(assumption) T2 W2) as [(ws & IWS & G)|G].
      * left. exists (w :: ws). split; [apply in_map_iff; exists (w, ws); split; [reflexivity|]; apply in_prod_iff; auto|].
        intros u U. inversion U as [|? k ? u' U1 U2]; subst. cbn [place_read place_seen]. rewrite <- (E k U1), <- (G u' U2).
        destruct (padded m n (stride a * j - low a + dilation a * k)), (place_read m axes N (start axes J') u'); reflexivity.
      * right. intros u U. inversion U as [|? k ? u' U1 U2]; subst. cbn [place_read]. rewrite (G u' U2).
        destruct (padded m n (stride a * j - low a + dilation a * k)); reflexivity.
    + right. intros u U. inversion U as [|? k ? u' U1 U2]; subst. cbn [place_read]. rewrite (E k U1). reflexivity.
Qed.

Lemma place_seen_range : forall axes period ws u j, Forall (fun q => 1 <= q) period -> length ws = length axes -> length period = length axes ->
  Forall2 in_range (map taps axes) u -> place_seen axes period ws u = Some j -> Forall2 in_range period j.
Proof.
  induction axes as [|a axes IH]; intros [|q period] [|w ws] u j P LW LP U H; try discriminate LW; try discriminate LP.
  - injection H as <-. constructor.
  - cbn [map] in U. inversion U as [|? k ? u' U1 U2]; subst. inversion P; subst. cbn [place_seen] in H.
    destruct (tap_seen a q w k) as [i|] eqn:E; [|discriminate]. destruct (place_seen axes period ws u') as [rest|] eqn:F; [|discriminate].
    injection H as <-. constructor; [|apply (IH period ws u' rest); auto].
    unfold tap_seen in E. destruct ((first_tap w <=? k) && (k <=? last_tap w)); [|discriminate]. injection E as <-. apply Z.mod_pos_bound. lia.
Qed.

Lemma choices_length : forall A (lists : list (list A)) c, In c (choices lists) -> length c = length lists.
Proof.
  induction lists as [|l lists IH]; intros c I; cbn [choices] in I; [destruct I as [<-|[]]; reflexivity|].
  apply in_map_iff in I as ([b rest] & <- & I). apply in_prod_iff in I as [_ I]. cbn. rewrite (IH rest I). reflexivity.
Qed.

Lemma wrapped_range : forall N period j, fits_size N period -> Forall2 in_range N j -> Forall2 in_range period (wrapped period j).
Proof.
  intros N period j F. revert j. induction F as [|n q N period H _ IH]; intros j R; inversion R; subst; constructor; [apply Z.mod_pos_bound; lia|].
  apply IH. assumption.
Qed.

Lemma wrapped_inside : forall N period j, fits_size N period -> Forall2 in_range period j -> wrapped period j = j /\ Forall2 in_range N j.
Proof.
  intros N period j F. revert j. induction F as [|n q N period H _ IH]; intros j R; inversion R as [|? k ? j' R1 R2]; subst; [split; [reflexivity|constructor]|].
  destruct (IH j' R2) as [E G]. cbn [wrapped]. rewrite E. unfold in_range in R1. split; [rewrite Z.mod_small by exact R1; reflexivity|].
  constructor; [unfold in_range; lia|exact G].
Qed.

Theorem check_periodic_sound : forall C K minimum residues period x y N,
  large_enough (mode C) (axes C) minimum = true -> check_periodic C K minimum period x y = Accepted ->
  among_many (axes C) minimum residues N -> collides_at C K N.
Proof.
  intros C K minimum residues period x y N L H A. unfold check_periodic in H.
  set (cols := layer_columns C period) in *. destruct (column_domain K cols) as [K'|] eqn:D; [|discriminate].
  destruct (period_fits minimum period) eqn:F; [|discriminate].
  destruct (is_zeros (mode C) || unpadded (axes C) || all_ones period) eqn:T; [|discriminate].
  apply of_rows_accepted, check_rows_sound in H. destruct H as (X & Y & IX & IY & E & NE).
  assert (LN := among_large_enough _ _ _ _ _ L A). assert (FN := period_fits_size _ _ _ _ _ F A). apply tame_spec in T.
  assert (V := vector_picture_of cols (NoDup_columns _ _ _)).
  assert (P1 : Forall (fun q => 1 <= q) period) by (clear - FN; induction FN; constructor; [lia|assumption]).
  assert (LP : length period = length (axes C)).
  { transitivity (length N); [symmetry; apply (Forall2_length _ _ _ _ _ FN)|]. clear - A. revert A.
    generalize minimum, residues, N. induction (axes C) as [|a l IH]; intros [|m0 m1] [|r0 r1] [|n0 n1] A; try contradiction; [reflexivity|].
    cbn. f_equal. apply (IH m1 r1 n1), A. }
  set (repeated := fun v : point => (fun i j => picture_of cols v i (wrapped period j)) : picture).
  exists (repeated X), (repeated Y).
  assert (IN : forall v, inside (length cols) K' v -> within C N K (repeated v)).
  { intros v IV i j I J. apply (inside_same cols K K' v (vector cols (picture_of cols v)) D) in IV; [|intros k B; symmetry; apply V, B].
    apply (proj1 (inside_columns K cols K' _ D)) with (c := (i, wrapped period j)) in IV; [exact IV|].
    apply in_columns. split; [lia|]. apply in_places, (wrapped_range N); [exact FN|]. apply in_places, J. }
  split; [apply IN, IX|]. split; [apply IN, IY|]. split.
  - intros a q J GA GQ WJ.
    destruct (window_view (mode C) (axes C) N period J LN FN T (proj1 (in_windows _ _ _) WJ)) as [(ws & IW & R)|R].
    + set (w := map (place_seen (axes C) period ws) (places (map taps (axes C)))).
      assert (G : forall v, affine (window_row C cols a (reads_in C a w) q) v = g C N (repeated v) a q J).
      { intro v. rewrite g_weighted.
        transitivity (affine (window_row C cols a (reads_in C a w) q) (vector cols (picture_of cols v))).
        { apply affine_ext. cbn [normal window_row]. unfold spread. rewrite map_length. intros k B. symmetry. apply V, B. }
        rewrite affine_window_row; [f_equal|apply NoDup_columns|].
        - rewrite !weighted_values. f_equal. f_equal. unfold repeated. rewrite <- values_moved. unfold reads_in. f_equal. f_equal.
          unfold window_reads, w. rewrite map_map. apply map_ext_in. intros u U. symmetry. apply R, in_places, U.
        - intros [i j] IR. apply in_flat_map in IR as (k & S & IR). apply in_map_iff in IR as (r & EQ & IR).
          unfold w in IR. apply in_map_iff in IR as (u & <- & U). destruct (place_seen (axes C) period ws u) as [p|] eqn:PS; [|discriminate].
          injection EQ as -> ->. apply in_columns. apply in_seq in S. assert (B := channel_below C a (i - a * inputs C) GA ltac:(lia)).
          split; [lia|]. apply in_places. apply (place_seen_range (axes C) period ws u); auto; [|apply in_places, U].
          rewrite (choices_length _ _ _ IW), map_length, combine_length, LP. apply Nat.min_id. }
      rewrite <- !G. apply (outputs_in _ _ _ E). apply in_rows_by_window. exists w, a, q. repeat split; auto.
      unfold periodic_windows, all_views. apply in_map_iff. exists ws. split; [reflexivity|exact IW].
    + rewrite !g_weighted. f_equal. f_equal. rewrite !weighted_values. f_equal. f_equal.
      apply map_ext_in. intros r IR. apply in_flat_map in IR as (k & _ & IR). apply in_map_iff in IR as (o & <- & IR).
      unfold window_reads in IR. apply in_map_iff in IR as (u & <- & U). rewrite (R u) by (apply in_places, U). reflexivity.
  - intro S. apply NE. intros k B. rewrite <- (V X k B), <- (V Y k B). unfold vector.
    assert (IC := nth_In cols (O, []) B). destruct (nth k cols (O, [])) as [i p]. unfold cols, layer_columns in IC. apply in_columns in IC as [IC1 IC2].
    apply in_places in IC2. destruct (wrapped_inside N period p FN IC2) as [WE WI].
    specialize (S i p ltac:(lia) (proj2 (in_places _ _) WI)). unfold repeated in S. rewrite WE in S. exact S.
Qed.
