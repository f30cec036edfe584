(** Rule "patch": two inputs that differ in one place of the grid. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Rows Domains Combinations OneLayer.
From Proof.rules Require Import Blocks Collision.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering Boxes Periodic.
Import ListNotations.
Open Scope Z_scope.

Inductive anchor := First | Inner | Last.

(** Along an axis: the length of the patch, where it is put, and the phase of the windows in it. *)
Record anchored := Anchored { span : Z; anchored_at : anchor; window_phase : Z }.

Definition copies (m : padding_mode) (a : axis) : bool := negb (is_zeros m) && negb ((low a =? 0) && (high a =? 0)).
Definition margin (m : padding_mode) (a : axis) : Z := if copies m a then Z.max (low a) (high a) + 1 else 0.

(** Where an inner patch begins. *)
Definition inner_position (m : padding_mode) (a : axis) (part : anchored) : Z :=
  margin m a + (- low a - window_phase part - margin m a) mod stride a.

Definition axis_fits (m : padding_mode) (a : axis) (part : anchored) (least : Z) (residues : list Z) : bool :=
  (1 <=? span part) &&
  match anchored_at part with
  | Inner => inner_position m a part + span part + margin m a <=? least
  | First => negb (copies m a) && ((window_phase part + low a) mod stride a =? 0) && (span part <=? least)
  | Last => negb (copies m a) && forallb (fun r => (span part - low a - window_phase part - r) mod stride a =? 0) residues
            && (span part <=? least)
  end.

Fixpoint patch_fits (m : padding_mode) (axes : list axis) (parts : list anchored) (minimum : list Z) (residues : list (list Z)) : bool :=
  match axes, parts, minimum, residues with
  | [], [], [], [] => true
  | a :: axes', part :: parts', least :: minimum', r :: residues' =>
      axis_fits m a part least r && patch_fits m axes' parts' minimum' residues'
  | _, _, _, _ => false
  end.

(** Where windows start that read a place of the patch. *)
Definition starts_along (a : axis) (part : anchored) (d : Z) : list Z :=
  filter (fun tau => ((tau - window_phase part) mod stride a =? 0)
                     && match anchored_at part with
                        | First => - low a <=? tau
                        | Inner => true
                        | Last => tau <=? span part + high a - extent a
                        end)
         (map (fun u => d - dilation a * u) (below (taps a))).

Definition starts_reading (axes : list axis) (parts : list anchored) (place : list Z) : list (list Z) :=
  choices (map (fun p => starts_along (fst (fst p)) (snd (fst p)) (snd p)) (combine (combine axes parts) place)).

(** Whether the taps of a window lie in the patch, or beyond an end of it that is one of the grid. *)
Fixpoint holds (axes : list axis) (parts : list anchored) (tau : list Z) : bool :=
  match axes, parts, tau with
  | a :: axes', part :: parts', t :: tau' =>
      match anchored_at part with
      | First => t + extent a <=? span part
      | Inner => (0 <=? t) && (t + extent a <=? span part)
      | Last => 0 <=? t
      end && holds axes' parts' tau'
  | _, _, _ => true
  end.

(** The places at which the inputs differ in some channel. *)
Definition different_places (cols : list column) (x y : list Q) : list (list Z) :=
  map (fun p => snd (fst p)) (filter (fun p => negb (Qeq_bool (fst (snd p)) (snd (snd p)))) (combine cols (combine x y))).

(** Each place once. *)
Fixpoint distinct (l : list (list Z)) : list (list Z) :=
  match l with
  | [] => []
  | p :: l' => if existsb (same_place p) l' then distinct l' else p :: distinct l'
  end.

Definition patch_starts (C : convolution) (parts : list anchored) (x y : list Q) : list (list Z) :=
  distinct (flat_map (starts_reading (axes C) parts) (different_places (layer_columns C (map span parts)) x y)).

Definition check_patch (C : convolution) (K : domain) (minimum : list Z) (residues : list (list Z)) (parts : list anchored) (x y : list Q) : answer :=
  let size := map span parts in
  let cols := layer_columns C size in
  match column_domain K cols with
  | None => Refused DoesNotFit
  | Some K' =>
      let starts := patch_starts C parts x y in
      if patch_fits (mode C) (axes C) parts minimum residues then
        if forallb (holds (axes C) parts) starts then
          of_rows (check_rows (length cols) K' (rows_by_window C cols (map (window_reads Zeros (axes C) size) starts)) (CollisionProof x y))
        else Refused LeavesPatch
      else Refused DoesNotFit
  end.

Lemma in_distinct : forall p l, In p l -> In p (distinct l).
Proof.
  induction l as [|q l IH]; intro I; [destruct I|]. cbn [distinct]. destruct (existsb (same_place q) l) eqn:E.
  - destruct I as [->|I]; [|apply IH, I]. apply existsb_exists in E as (r & R & S). apply same_place_spec in S. subst. apply IH, R.
  - destruct I as [->|I]; [left; reflexivity|right; apply IH, I].
Qed.

(** * The points themselves *)

Open Scope R_scope.

Definition point_of (x : list Q) : point := fun k => Q2R (nth k x 0%Q).

Lemma over_point_of : forall d zx x, multiples d zx x -> 0 < IZR d -> over zx d = point_of x.
Proof.
  intros d zx x M P. apply functional_extensionality. intro j. unfold over, point_of. rewrite (multiples_nth _ _ _ M). field. lra.
Qed.

Lemma collision_points : forall n K layer x y, check_rows n K layer (CollisionProof x y) = Good tt ->
  length x = n /\ length y = n /\ inside n K (point_of x) /\ inside n K (point_of y) /\
  output layer (point_of x) = output layer (point_of y) /\ ~ same n (point_of x) (point_of y).
Proof.
  intros n K layer x y H. unfold check_rows, prepared in H.
  destruct (integer_domain_of n K) as [IK|] eqn:D; [|discriminate].
  destruct (integer_rows n 0 layer) as [rows|] eqn:R; [|discriminate].
  apply integer_domain_of_spec in D. apply integer_rows_spec in R. unfold check_collision in H.
  destruct (over_one_denominator x) as [[zx d]|] eqn:X; [|discriminate].
  destruct (over_one_denominator y) as [[zy e]|] eqn:Y; [|discriminate].
  destruct (has_length n zx && has_length n zy)%bool eqn:L; [|discriminate].
  apply andb_prop in L as [LX LY]. apply has_length_spec in LX, LY.
  apply over_one_denominator_spec in X as [MX DX], Y as [MY DY].
  rewrite <- (over_point_of d zx x MX DX), <- (over_point_of e zy y MY DY).
  split; [rewrite <- LX; symmetry; apply (multiples_length _ _ _ MX)|]. split; [rewrite <- LY; symmetry; apply (multiples_length _ _ _ MY)|].
  unfold check_points in H.
  destruct (equal_lists (map (fun a => e * a)%Z zx) (map (fun b => d * b)%Z zy)) eqn:Q; [discriminate|].
  destruct (contains n IK zx d) eqn:CX; [|discriminate]. destruct (contains n IK zy e) eqn:CY; [|discriminate].
  destruct (different_output rows zx d zy e) eqn:O; [discriminate|].
  split; [apply (contains_sound n K IK); auto|]. split; [apply (contains_sound n K IK); auto|]. split.
  - apply (proj2 (outputs_agree n layer rows _ _ R)). intros r I. apply (different_output_spec rows zx d zy e DX DY O r I).
  - intro S. rewrite (equal_lists_spec _ _ n) in Q; [discriminate| | |].
    + rewrite map_length. exact LX.
    + rewrite map_length. exact LY.
    + intros j J. specialize (S j J). unfold over in S. apply eq_IZR.
      rewrite (nth_indep _ 0%Z (e * 0)%Z), (nth_indep (map (fun b => (d * b)%Z) zy) 0%Z (d * 0)%Z) by (rewrite map_length; lia).
      rewrite (map_nth (fun a => (e * a)%Z)), (map_nth (fun b => (d * b)%Z)), !mult_IZR.
      replace (IZR (nth j zx 0%Z)) with (IZR d * (IZR (nth j zx 0%Z) / IZR d)) by (field; lra).
      rewrite S. field. lra.
Qed.

Lemma nth_in_combine : forall A (l : list A) (x y : list Q) k d, length x = length l -> length y = length l -> (k < length l)%nat ->
  In (nth k l d, (nth k x 0%Q, nth k y 0%Q)) (combine l (combine x y)).
Proof.
  intros A l x y k d LX LY K. rewrite <- (combine_nth x y k 0%Q 0%Q) by congruence.
  rewrite <- (combine_nth l (combine x y) k d (0%Q, 0%Q)) by (rewrite combine_length; lia).
  apply nth_In. rewrite !combine_length. lia.
Qed.

Lemma same_outside : forall cols x y k, length x = length cols -> length y = length cols -> (k < length cols)%nat ->
  ~ In (snd (nth k cols (O, []))) (different_places cols x y) -> point_of x k = point_of y k.
Proof.
  intros cols x y k LX LY K N. unfold point_of. apply Qeq_eqR.
  destruct (Qeq_bool (nth k x 0%Q) (nth k y 0%Q)) eqn:E; [apply Qeq_bool_iff, E|]. exfalso. apply N.
  unfold different_places. apply in_map_iff. exists (nth k cols (O, []), (nth k x 0%Q, nth k y 0%Q)). split; [reflexivity|].
  apply filter_In. split; [|cbn [fst snd]; rewrite E; reflexivity].
  exact (nth_in_combine _ cols x y k (O, []) LX LY K).
Qed.

(** * One axis *)

Open Scope Z_scope.

(** Where the patch begins in a grid. *)
Definition position_along (m : padding_mode) (a : axis) (part : anchored) (n : Z) : Z :=
  match anchored_at part with First => 0 | Inner => inner_position m a part | Last => n - span part end.

Section OneAxis.

Variable m : padding_mode.
Variable a : axis.
Variable part : anchored.
Variables n least : Z.
Variable residues : list Z.
Hypothesis sound : sound_axis a = true.
Hypothesis fits : axis_fits m a part least residues = true.
Hypothesis large : least <= n.
Hypothesis among_them : In (n mod stride a) residues.

Let p := position_along m a part n.

Lemma margin_nonnegative : 0 <= margin m a.
Proof. apply sound_axis_spec in sound. unfold margin. destruct (copies m a); lia. Qed.

Lemma position_range : 0 <= p /\ p + span part <= n /\ 1 <= span part.
Proof.
  assert (M := margin_nonnegative). apply sound_axis_spec in sound. unfold axis_fits in fits. apply andb_prop in fits as [F G].
  apply Z.leb_le in F. unfold p, position_along, inner_position in *.
  destruct (anchored_at part); [apply andb_prop in G as [_ G]; lia| |apply andb_prop in G as [_ G]; lia].
  assert (B := Z.mod_pos_bound (- low a - window_phase part - margin m a) (stride a) ltac:(lia)). lia.
Qed.

(** All windows have the phase, seen from the patch. *)
Lemma phase_of_windows : forall J, (stride a * J - low a - p - window_phase part) mod stride a = 0.
Proof.
  intro J. apply sound_axis_spec in sound as (S1 & S2 & _). unfold axis_fits in fits. apply andb_prop in fits as [_ G].
  assert (MU : forall t, t mod stride a = 0 -> exists k, t = k * stride a).
  { intros t H. exists (t / stride a). assert (D := Z.div_mod t (stride a) ltac:(lia)). lia. }
  assert (E : exists k, p + window_phase part + low a = k * stride a).
  { unfold p, position_along. destruct (anchored_at part).
    - apply andb_prop in G as [G _]. apply andb_prop in G as [_ G]. apply Z.eqb_eq, MU in G as (k & G). exists k. lia.
    - unfold inner_position. set (c := - low a - window_phase part - margin m a). assert (D := Z.div_mod c (stride a) ltac:(lia)).
      exists (- (c / stride a)). unfold c in *. lia.
    - apply andb_prop in G as [G _]. apply andb_prop in G as [_ G]. rewrite forallb_forall in G. specialize (G _ among_them).
      apply Z.eqb_eq, MU in G as (k & G). assert (D := Z.div_mod n (stride a) ltac:(lia)). exists (n / stride a - k). lia. }
  destruct E as (k & E). replace (stride a * J - low a - p - window_phase part) with ((J - k) * stride a) by lia. apply Z.mod_mul. lia.
Qed.

Variable J : Z.
Hypothesis window : 0 <= J < window_count a n.
Let t := stride a * J - low a.

Lemma window_range : - low a <= t <= n + high a - extent a.
Proof.
  apply sound_axis_spec in sound as (S1 & S2 & _). unfold window_count in window. unfold t. split; [assert (0 <= stride a * J) by (apply Z.mul_nonneg_nonneg; lia); lia|].
  assert (stride a * J <= n + low a + high a - extent a); [|lia].
  apply Z.le_trans with (stride a * ((n + low a + high a - extent a) / stride a)); [apply Z.mul_le_mono_nonneg_l; lia|apply Z.mul_div_le; lia].
Qed.

(** Where nothing is copied, taps beyond the grid read zeros. *)
Lemma plain_read : copies m a = false -> forall u, 0 <= u < taps a ->
  padded m n (t + dilation a * u) = if (0 <=? t + dilation a * u) && (t + dilation a * u <? n) then Some (t + dilation a * u) else None.
Proof.
  intros CP u U. assert (W := window_range). assert (T := tap_range a sound u U). unfold padded.
  destruct ((0 <=? t + dilation a * u) && (t + dilation a * u <? n)) eqn:B; [reflexivity|].
  unfold copies in CP. destruct m; cbn [is_zeros negb andb] in CP; [reflexivity| | |];
    (exfalso; apply negb_false_iff, andb_prop in CP as [L H]; apply Z.eqb_eq in L, H; lia).
Qed.

(** A tap that reads a place of the patch is not one that is copied there from beyond the grid. *)
Lemma tap_in_patch : forall u j, 0 <= u < taps a -> padded m n (t + dilation a * u) = Some j -> p <= j < p + span part ->
  j = t + dilation a * u.
Proof.
  intros u j U R I. assert (E : forall x y : Z, Some x = Some y -> x = y) by congruence.
  destruct (copies m a) eqn:CP.
  - assert (W := window_range). assert (T := tap_range a sound u U). assert (PR := position_range).
    assert (S := sound). apply sound_axis_spec in S as (S1 & S2 & S3 & S4 & S5).
    assert (MG : p = inner_position m a part /\ p + span part + margin m a <= n /\ margin m a <= p).
    { unfold axis_fits in fits. rewrite CP in fits. unfold p, position_along in *. destruct (anchored_at part); cbn [negb andb] in fits.
      - rewrite andb_false_r in fits. discriminate.
      - apply andb_prop in fits as [_ G]. apply Z.leb_le in G. split; [reflexivity|]. split; [lia|].
        unfold inner_position. assert (B := Z.mod_pos_bound (- low a - window_phase part - margin m a) (stride a) S2). lia.
      - rewrite andb_false_r in fits. discriminate. }
    destruct MG as (_ & M1 & M2). unfold margin in M1, M2. rewrite CP in M1, M2.
    set (k := t + dilation a * u) in *. assert (K : - low a <= k <= n + high a - 1) by (unfold k; lia). clearbody k. clear W T.
    unfold padded in R. destruct (Z.leb_spec 0 k), (Z.ltb_spec k n); cbn [andb] in R; try (symmetry; apply E, R);
      destruct m; try discriminate R; apply E in R; subst j; try (destruct (Z.ltb_spec k 0); lia).
    { assert (M := Z.mod_unique k n 1 (k - n) ltac:(lia) ltac:(lia)). lia. }
    { assert (M := Z.mod_unique k n (-1) (k + n) ltac:(lia) ltac:(lia)). lia. }
  - rewrite (plain_read CP u U) in R. destruct ((0 <=? t + dilation a * u) && (t + dilation a * u <? n)); [symmetry; apply E, R|discriminate].
Qed.

Definition holds_along : bool :=
  match anchored_at part with
  | First => t - p + extent a <=? span part
  | Inner => (0 <=? t - p) && (t - p + extent a <=? span part)
  | Last => 0 <=? t - p
  end.

(** A window that lies in the patch reads there what it reads in the grid. *)
Lemma read_in_patch : holds_along = true -> forall u, 0 <= u < taps a ->
  padded m n (t + dilation a * u) = option_map (Z.add p) (padded Zeros (span part) (t - p + dilation a * u)).
Proof.
  intros H u U. assert (PR := position_range). assert (W := window_range). assert (T := tap_range a sound u U).
  assert (IN : 0 <= t - p + dilation a * u < span part -> padded m n (t + dilation a * u) = option_map (Z.add p) (padded Zeros (span part) (t - p + dilation a * u))).
  { intro B. replace (t + dilation a * u) with (p + (t - p + dilation a * u)) by ring. unfold padded.
    destruct (Z.leb_spec 0 (t - p + dilation a * u)), (Z.ltb_spec (t - p + dilation a * u) (span part)); try lia.
    destruct (Z.leb_spec 0 (p + (t - p + dilation a * u))), (Z.ltb_spec (p + (t - p + dilation a * u)) n); try lia. reflexivity. }
  unfold holds_along in H. destruct (copies m a) eqn:CP.
  - unfold axis_fits in fits. rewrite CP in fits. destruct (anchored_at part); cbn [negb andb] in fits;
      [rewrite andb_false_r in fits; discriminate|apply IN; lia|rewrite andb_false_r in fits; discriminate].
  - destruct (Z.le_gt_cases 0 (t - p + dilation a * u)) as [A|A]; [destruct (Z.lt_ge_cases (t - p + dilation a * u) (span part)) as [B|B]|]; [apply IN; lia| |];
      rewrite (plain_read CP u U); unfold padded;
      destruct (Z.leb_spec 0 (t - p + dilation a * u)), (Z.ltb_spec (t - p + dilation a * u) (span part)); try lia; cbn [andb option_map];
      destruct (Z.leb_spec 0 (t + dilation a * u)), (Z.ltb_spec (t + dilation a * u) n); try reflexivity; exfalso;
      unfold p, position_along in *; destruct (anchored_at part); lia.
Qed.

(** A window that reads a place of the patch is among those that are looked at. *)
Lemma start_looked_at : forall u d, 0 <= u < taps a -> p + d = t + dilation a * u -> In (t - p) (starts_along a part d).
Proof.
  intros u d U E. unfold starts_along. assert (W := window_range). apply filter_In. split.
  - apply in_map_iff. exists u. split; [lia|apply in_below, U].
  - replace ((t - p - window_phase part) mod stride a =? 0) with true by (symmetry; apply Z.eqb_eq, (phase_of_windows J)). cbn [andb]. unfold p, position_along.
    destruct (anchored_at part); [lia|reflexivity|lia].
Qed.

End OneAxis.

(** * The grid *)

Fixpoint position (m : padding_mode) (axes : list axis) (parts : list anchored) (N : list Z) : list Z :=
  match axes, parts, N with
  | a :: axes', part :: parts', n :: N' => position_along m a part n :: position m axes' parts' N'
  | _, _, _ => []
  end.

(** The difference of two lists, entry by entry. *)
Fixpoint minus_list (t p : list Z) : list Z :=
  match t, p with
  | a :: t', b :: p' => a - b :: minus_list t' p'
  | _, _ => []
  end.

(** A tap that reads the place p + d, for d in the patch: the window is looked at. *)
Lemma looked_at : forall m axes parts minimum residues N J u d, large_enough m axes N = true ->
  patch_fits m axes parts minimum residues = true -> among_many axes minimum residues N ->
  Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p)) (combine axes N) J -> Forall2 in_range (map taps axes) u ->
  Forall2 in_range (map span parts) d ->
  place_read m axes N (start axes J) u = Some (shifted (position m axes parts N) d) ->
  In (minus_list (start axes J) (position m axes parts N)) (starts_reading axes parts d).
Proof.
  intros m. induction axes as [|a axes IH]; intros [|part parts] [|least minimum] [|r residues] [|n N] J u d L F A W U D R;
    try discriminate F; try contradiction A.
  - left. reflexivity.
  - cbn [combine map] in W, U, D. inversion W as [|? j ? J' W1 W2]; subst. inversion U as [|? k ? u' U1 U2]; subst.
    inversion D as [|? e ? d' D1 D2]; subst. destruct A as (A1 & A2 & A3).
    cbn [patch_fits] in F. apply andb_prop in F as [F F']. cbn [large_enough] in L. apply andb_prop in L as [L L']. apply andb_prop in L as [S L].
    change (start (a :: axes) (j :: J')) with (stride a * j - low a :: start axes J') in *.
    cbn [place_read position shifted minus_list] in *.
    destruct (padded m n (stride a * j - low a + dilation a * k)) as [i|] eqn:P; [|discriminate].
    destruct (place_read m axes N (start axes J') u') as [rest|] eqn:R'; [|discriminate]. injection R as R1 R2.
    unfold starts_reading. cbn [combine map choices fst snd]. apply in_map_iff.
    exists (stride a * j - low a - position_along m a part n, minus_list (start axes J') (position m axes parts N)).
    split; [reflexivity|]. apply in_prod_iff. split.
    + apply (start_looked_at m a part n least r S F A2 j W1 k e U1). unfold in_range in D1.
      rewrite <- R1. apply (tap_in_patch m a part n least r S F A1 j W1 k i U1 P). lia.
    + apply (IH parts minimum residues N J' u' d' L' F' A3 W2 U2 D2). rewrite R', R2. reflexivity.
Qed.

(** A window that lies in the patch reads there what it reads in the grid. *)
Lemma patch_read : forall m axes parts minimum residues N J u, large_enough m axes N = true ->
  patch_fits m axes parts minimum residues = true -> among_many axes minimum residues N ->
  Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p)) (combine axes N) J -> Forall2 in_range (map taps axes) u ->
  holds axes parts (minus_list (start axes J) (position m axes parts N)) = true ->
  place_read m axes N (start axes J) u
  = option_map (shifted (position m axes parts N))
      (place_read Zeros axes (map span parts) (minus_list (start axes J) (position m axes parts N)) u)
  /\ forall d, place_read Zeros axes (map span parts) (minus_list (start axes J) (position m axes parts N)) u = Some d ->
       Forall2 in_range (map span parts) d.
Proof.
  intros m. induction axes as [|a axes IH]; intros [|part parts] [|least minimum] [|r residues] [|n N] J u L F A W U H;
    try discriminate F; try contradiction A.
  - split; [reflexivity|]. intros d E. injection E as <-. constructor.
  - cbn [combine map] in W, U. inversion W as [|? j ? J' W1 W2]; subst. inversion U as [|? k ? u' U1 U2]; subst.
    destruct A as (A1 & A2 & A3). cbn [patch_fits] in F. apply andb_prop in F as [F F']. cbn [large_enough] in L.
    apply andb_prop in L as [L L']. apply andb_prop in L as [S L].
    change (start (a :: axes) (j :: J')) with (stride a * j - low a :: start axes J') in *.
    cbn [map place_read position minus_list holds] in *.
    apply andb_prop in H as [H H'].
    assert (G := read_in_patch m a part n least r S F A1 j W1 H k U1).
    destruct (IH parts minimum residues N J' u' L' F' A3 W2 U2 H') as [E E'].
    rewrite G, E. destruct (padded Zeros (span part) (stride a * j - low a - position_along m a part n + dilation a * k)) as [i|] eqn:P;
      cbn [option_map]; [|split; [reflexivity|discriminate]].
    destruct (place_read Zeros axes (map span parts) (minus_list (start axes J') (position m axes parts N)) u') as [rest|] eqn:R;
      cbn [option_map]; [|split; [reflexivity|discriminate]].
    split; [reflexivity|]. intros d D. injection D as <-. constructor; [|apply E'; reflexivity].
    unfold padded in P. unfold in_range.
    destruct (Z.leb_spec 0 (stride a * j - low a - position_along m a part n + dilation a * k)),
      (Z.ltb_spec (stride a * j - low a - position_along m a part n + dilation a * k) (span part)); cbn [andb] in P; try discriminate P.
    injection P as <-. lia.
Qed.

(** The places of the patch in the grid. *)
Lemma position_in_grid : forall m axes parts minimum residues N, large_enough m axes N = true ->
  patch_fits m axes parts minimum residues = true -> among_many axes minimum residues N ->
  (forall d, Forall2 in_range (map span parts) d -> Forall2 in_range N (shifted (position m axes parts N) d)
     /\ minus_list (shifted (position m axes parts N) d) (position m axes parts N) = d)
  /\ (forall j, Forall2 in_range N j -> Forall2 in_range (map span parts) (minus_list j (position m axes parts N)) ->
       shifted (position m axes parts N) (minus_list j (position m axes parts N)) = j)
  /\ Forall2 in_range (map span parts) (map (fun _ => 0) parts).
Proof.
  intros m. induction axes as [|a axes IH]; intros [|part parts] [|least minimum] [|r residues] [|n N] L F A;
    try discriminate F; try contradiction A.
  - split; [|split; [|constructor]].
    + intros d D. inversion D. split; [constructor|reflexivity].
    + intros j J _. inversion J. reflexivity.
  - destruct A as (A1 & A2 & A3). cbn [patch_fits] in F. apply andb_prop in F as [F F']. cbn [large_enough] in L.
    apply andb_prop in L as [L L']. apply andb_prop in L as [S L].
    assert (PR := position_range m a part n least r S F A1).
    destruct (IH parts minimum residues N L' F' A3) as (E1 & E2 & E3). split; [|split].
    + intros d D. cbn [map] in D. inversion D as [|? e ? d' D1 D2]; subst. destruct (E1 d' D2) as [G1 G2].
      cbn [position shifted minus_list]. unfold in_range in D1. split; [constructor; [unfold in_range; lia|exact G1]|].
      rewrite G2. f_equal. ring.
    + intros j J D. cbn [map position] in *. inversion J as [|? k ? j' J1 J2]; subst. cbn [minus_list shifted] in *. inversion D; subst.
      f_equal; [ring|]. apply E2; assumption.
    + cbn [map]. constructor; [unfold in_range; lia|exact E3].
Qed.

(** * The inputs *)

Section OnePatch.

Variable cols : list column.
Variable size p : list Z.

(** The vector in the patch; around it the values of the other vector at the first place of the patch. *)
Definition patched (v other : point) : picture := fun i j =>
  if forallb (fun q => (0 <=? snd q) && (snd q <? fst q)) (combine size (minus_list j p))
     && Nat.eqb (length (minus_list j p)) (length size)
  then picture_of cols v i (minus_list j p)
  else picture_of cols other i (map (fun _ => 0) size).

Lemma in_size : forall size d, forallb (fun q => (0 <=? snd q) && (snd q <? fst q)) (combine size d) && Nat.eqb (length d) (length size) = true
  <-> Forall2 in_range size d.
Proof.
  induction size0 as [|n l IH]; intros d.
  - destruct d; cbn; split; intro H; [constructor|reflexivity|discriminate|inversion H].
  - destruct d as [|e d]; cbn [combine forallb length Nat.eqb fst snd].
    + split; intro H; [discriminate|inversion H].
    + split; intro H.
      * apply andb_prop in H as [A B]. apply andb_prop in A as [A1 A2]. constructor; [unfold in_range; lia|].
        apply IH. rewrite A2, B. reflexivity.
      * inversion H as [|? ? ? ? R1 R2]; subst. apply IH in R2. apply andb_prop in R2 as [R3 R4]. rewrite R3, R4.
        unfold in_range in R1. destruct (Z.leb_spec 0 e), (Z.ltb_spec e n); try reflexivity; lia.
Qed.

Lemma patched_inside : forall v other i j, Forall2 in_range size (minus_list j p) -> patched v other i j = picture_of cols v i (minus_list j p).
Proof. intros v other i j D. unfold patched. rewrite (proj2 (in_size size (minus_list j p)) D). reflexivity. Qed.

Lemma patched_outside : forall v other i j, ~ Forall2 in_range size (minus_list j p) ->
  patched v other i j = picture_of cols other i (map (fun _ => 0) size).
Proof.
  intros v other i j D. unfold patched.
  destruct (forallb (fun q => (0 <=? snd q) && (snd q <? fst q)) (combine size (minus_list j p)) && Nat.eqb (length (minus_list j p)) (length size)) eqn:E;
    [|reflexivity]. exfalso. apply D, in_size, E.
Qed.

Lemma in_range_or_not : forall d, Forall2 in_range size d \/ ~ Forall2 in_range size d.
Proof.
  intro d. destruct (forallb (fun q => (0 <=? snd q) && (snd q <? fst q)) (combine size d) && Nat.eqb (length d) (length size)) eqn:E.
  - left. apply in_size, E.
  - right. intro F. apply in_size in F. congruence.
Qed.

End OnePatch.

Theorem check_patch_sound : forall C K minimum residues parts x y N,
  large_enough (mode C) (axes C) minimum = true -> check_patch C K minimum residues parts x y = Accepted ->
  among_many (axes C) minimum residues N -> collides_at C K N.
Proof.
  intros C K minimum residues parts x y N L H A. unfold check_patch in H.
  set (size := map span parts) in *. set (cols := layer_columns C size) in *.
  destruct (column_domain K cols) as [K'|] eqn:D; [|discriminate].
  destruct (patch_fits (mode C) (axes C) parts minimum residues) eqn:F; [|discriminate].
  destruct (forallb (holds (axes C) parts) (patch_starts C parts x y)) eqn:HO; [|discriminate].
  apply of_rows_accepted, collision_points in H. destruct H as (LX & LY & IX & IY & E & NE).
  assert (LN := among_large_enough _ _ _ _ _ L A).
  destruct (position_in_grid _ _ _ _ _ _ LN F A) as (P1 & P2 & P3).
  set (p := position (mode C) (axes C) parts N) in *.
  assert (V := vector_picture_of cols (NoDup_columns _ _ _)).
  set (X := point_of x) in *. set (Y := point_of y) in *.
  assert (IC : forall i d, (i < in_channels C)%nat -> Forall2 in_range size d -> In (i, d) cols).
  { intros i d I R. apply in_columns. split; [lia|apply in_places, R]. }
  assert (P3' : Forall2 in_range size (map (fun _ => 0) size)) by (unfold size; rewrite map_map; exact P3).
  (* the values at a place of the patch *)
  assert (IN : forall v, inside (length cols) K' v -> forall i d, (i < in_channels C)%nat -> Forall2 in_range size d ->
    allowed K i (picture_of cols v i d)).
  { intros v IV i d I R. apply (inside_same cols K K' v (vector cols (picture_of cols v)) D) in IV; [|intros k B; symmetry; apply V, B].
    apply (proj1 (inside_columns K cols K' _ D) IV (i, d)), IC; assumption. }
  assert (WI : forall v, inside (length cols) K' v -> within C N K (patched cols size p v X)).
  { intros v IV i j I J. destruct (in_range_or_not size (minus_list j p)) as [R|R].
    - rewrite patched_inside by exact R. apply IN; assumption.
    - rewrite patched_outside by exact R. apply IN; [exact IX|exact I|exact P3']. }
  assert (SO : forall i d, (i < in_channels C)%nat -> Forall2 in_range size d ->
    ~ In d (different_places cols x y) -> picture_of cols X i d = picture_of cols Y i d).
  { intros i d I R ND. assert (T := IC i d I R). apply (In_nth _ _ (O, [])) in T as (k & KL & KE).
    assert (W : forall v, picture_of cols v i d = v k).
    { intro v. rewrite <- (V v k KL). unfold vector.
      transitivity (at_column (picture_of cols v) (i, d)); [reflexivity|]. f_equal. symmetry. exact KE. }
    rewrite !W. apply (same_outside cols x y k LX LY KL).
    intro Q. apply ND. change (nth k cols (O, [])) with (@nth (nat * list Z) k cols (O, [])) in Q. rewrite KE in Q. exact Q. }
  exists (patched cols size p X X), (patched cols size p Y X). split; [apply WI, IX|]. split; [apply WI, IY|]. split.
  - intros a q J GA GQ WJ. assert (WJ' := proj1 (in_windows _ _ _) WJ).
    set (tau := minus_list (start (axes C) J) p).
    destruct (in_dec (list_eq_dec Z.eq_dec) tau (patch_starts C parts x y)) as [IT|IT].
    + rewrite forallb_forall in HO. assert (HT := HO tau IT).
      set (w := window_reads Zeros (axes C) size tau).
      assert (PR := fun u U => patch_read _ _ _ _ _ _ J u LN F A WJ' U HT).
      assert (G : forall v, affine (window_row C cols a (reads_in C a w) q) v = g C N (patched cols size p v X) a q J).
      { intro v. rewrite g_weighted.
        transitivity (affine (window_row C cols a (reads_in C a w) q) (vector cols (picture_of cols v))).
        { apply affine_ext. cbn [normal window_row]. unfold spread. rewrite map_length. intros k B. symmetry. apply V, B. }
        rewrite affine_window_row; [f_equal|apply NoDup_columns|].
        - rewrite !weighted_values. f_equal. f_equal.
          transitivity (map (value_at (fun i j => patched cols size p v X i (shifted p j))) (reads_in C a w)).
          + apply map_ext_in. intros r IR. apply in_flat_map in IR as (k & _ & IR). apply in_map_iff in IR as (o & <- & IR).
            unfold w, window_reads in IR. apply in_map_iff in IR as (u & <- & U). apply in_places in U. destruct (PR u U) as [_ R].
            destruct (place_read Zeros (axes C) size tau u) as [d|] eqn:PD; [|reflexivity].
            destruct (P1 d (R d PD)) as [_ S]. cbn [option_map value_at]. unfold at_column. cbn [fst snd].
            rewrite patched_inside; rewrite S; [reflexivity|apply (R d PD)].
          + unfold reads_in. rewrite <- (values_moved (patched cols size p v X) (shifted p)). f_equal. f_equal.
            unfold w, window_reads. rewrite map_map. apply map_ext_in. intros u U. symmetry. apply PR, in_places, U.
        - intros [i d] IR. apply in_flat_map in IR as (k & S & IR). apply in_map_iff in IR as (o & EQ & IR).
          unfold w, window_reads in IR. apply in_map_iff in IR as (u & <- & U). apply in_places in U. destruct (PR u U) as [_ R].
          destruct (place_read Zeros (axes C) size tau u) as [d'|] eqn:PD; [|discriminate]. injection EQ as -> ->.
          apply in_seq in S. assert (B := channel_below C a (i - a * inputs C) GA ltac:(lia)). apply IC; [lia|apply (R d PD)]. }
      rewrite <- !G. apply (outputs_in _ _ _ E). apply in_rows_by_window. exists w, a, q. repeat split; auto.
      unfold w. apply in_map, IT.
    + rewrite !g_weighted. f_equal. f_equal. rewrite !weighted_values. f_equal. f_equal.
      apply map_ext_in. intros r IR. apply in_flat_map in IR as (i & S & IR). apply in_map_iff in IR as (o & <- & IR).
      unfold window_reads in IR. apply in_map_iff in IR as (u & <- & U).
      destruct (place_read (mode C) (axes C) N (start (axes C) J) u) as [j|] eqn:R; [|reflexivity].
      cbn [option_map value_at]. unfold at_column. cbn [fst snd].
      assert (JN := place_read_in_grid _ _ _ _ _ _ LN WJ U R). apply in_places in JN. apply in_places in U.
      destruct (in_range_or_not size (minus_list j p)) as [D1|D1]; [|rewrite !patched_outside by exact D1; reflexivity].
      rewrite !patched_inside by exact D1. apply in_seq in S. assert (B := channel_below C a (i - a * inputs C) GA ltac:(lia)).
      apply SO; [lia|exact D1|]. intro ID. apply IT. unfold patch_starts. apply in_distinct, in_flat_map. exists (minus_list j p).
      split; [exact ID|]. apply (looked_at _ _ _ _ _ _ J u (minus_list j p) LN F A WJ' U D1). rewrite R. f_equal. symmetry. apply P2; assumption.
  - intro S. apply NE. intros k B. rewrite <- (V X k B), <- (V Y k B). unfold vector.
    assert (T := nth_In cols (O, []) B). destruct (nth k cols (O, [])) as [i d]. unfold cols, layer_columns in T. apply in_columns in T as [T1 T2].
    apply in_places in T2. destruct (P1 d T2) as [G1 G2]. specialize (S i (shifted p d) ltac:(lia) (proj2 (in_places _ _) G1)).
    rewrite !patched_inside in S by (rewrite G2; exact T2). rewrite G2 in S. exact S.
Qed.
