(** Rule "packing" inside "boxes": what it shows about a box layer, and "boxes" with such proofs about the layer. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers RealLayers Streams Integers Rows Domains Interior Elimination Tables Combinations Pairs OneLayer.
From Proof.rules Require Import Blocks PackingNearby.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering FullSpark Boxes Matching WindowPacking
  PackedWindows WindowSums.
Import ListNotations.
Open Scope Z_scope.

Inductive packed_proof :=
  | Proved (p : box_proof)
  | BoxPacking (epsilon : option Q) (refuters : stream (list (Z * Z) * delayed scaling)).

Definition check_packed_box (C : convolution) (K : domain) (box : list Z) (a : nat) (choice : list slot)
  (p : packed_proof) : answer :=
  match p with
  | Proved p => check_box C K box a choice p
  | BoxPacking epsilon refuters =>
      match column_domain K (box_columns C a box) with
      | None => Refused DoesNotFit
      | Some K' => of_rows (check_window_packing C K' a box choice epsilon refuters)
      end
  end.

Definition check_packed_boxes (C : convolution) (K : domain) (minimum : list Z) (residues : list (list Z))
  (box : list Z) (slots : list (list slot)) (proofs : stream packed_proof) : answer :=
  match grid_coverage (mode C) 1 (axes C) box slots minimum residues with
  | Accepted => check_proofs (check_packed_box C K box) (box_kinds C slots) proofs
  | refused => refused
  end.

(** The groups and choices of slots whose proof is a packing. *)
Fixpoint packed (kinds : list (nat * list slot)) (proofs : stream packed_proof) : list (nat * list slot) :=
  match kinds, proofs with
  | kind :: kinds', More (BoxPacking _ _) rest => kind :: packed kinds' rest
  | _ :: kinds', More (Proved _) rest => packed kinds' rest
  | _, _ => []
  end.

(** The windows of all boxes with such a proof are full spark. *)
Definition boxes_full_spark (C : convolution) (L : real_kernels) (box : list Z) (slots : list (list slot))
  (proofs : stream packed_proof) : Prop :=
  forall a choice, In (a, choice) (packed (box_kinds C slots) proofs) -> windows_full_spark C L a box choice.

(** All proofs are packings with a number, and epsilon is at most that. *)
Fixpoint all_bear (epsilon : Q) (proofs : stream packed_proof) : Prop :=
  match proofs with
  | Done => True
  | More (BoxPacking (Some e) _) rest => (epsilon <= e)%Q /\ all_bear epsilon rest
  | More _ _ => False
  end.

(** If the windows are full spark, the layer is injective at this size; and so is every layer with kernels and biases within
    epsilon, if its windows are. *)
Definition injective_if_windows_full_spark (C : convolution) (K : domain) (box : list Z) (slots : list (list slot)) (proofs : stream packed_proof)
  (N : list Z) : Prop :=
  (boxes_full_spark C (own_kernels C) box slots proofs -> injective_at C K N) /\
  forall epsilon other, all_bear epsilon proofs -> kernels_near epsilon C other ->
    boxes_full_spark C other box slots proofs -> real_injective_at C other N.

Open Scope R_scope.

(** A row of the layer is orthogonal to v or negative at z. *)
Lemma escapes_layer : forall n layer rows z v, Forall2 (made_from n) layer rows -> escapes rows z v ->
  forall r, In r layer -> dot (normal r) v = 0 \/ affine r z < 0.
Proof.
  intros n layer rows z v M E r R. destruct (Forall2_in_left _ _ _ _ _ M r R) as (q & Q & _ & D & V).
  assert (V0 := V (fun _ => 0)). assert (VV := V v). assert (VZ := V z). unfold affine in V0, VV. rewrite zero_dot in V0.
  unfold value in V0, VV.
  assert (Z0 : idot (weights q) (fun _ => 0) = 0).
  { rewrite (idot_ext _ _ (times 0 zero_point)); [rewrite idot_times; ring|]. intros; unfold times, zero_point; ring. }
  rewrite Z0 in V0. destruct (E q Q) as [O|N].
  - left. rewrite O in VV. apply Rmult_eq_reg_l with (IZR (denominator q)); lra.
  - right. rewrite VZ in N. apply Rmult_lt_reg_l with (IZR (denominator q)); lra.
Qed.

Section OneBox.

Variable C : convolution.
Variable K : domain.
Variable a : nat.
Variable box : list Z.
Variable choice : list slot.
Variable epsilon : option Q.
Variable refuters : stream (list (Z * Z) * delayed scaling).
Hypothesis accepted : check_window_packing C K a box choice epsilon refuters = Good tt.

Let cols := box_columns C a box.
Let layer := box_layer C a box choice.
Let unknown := map (fun c => negb (known choice box (snd c))) cols.
Let ws := with_entries no_entries (placed_windows C a box choice).

(** What has been looked at. *)
Lemma accepted_parts : exists IK rows found owner,
  integer_domain_of (length cols) K = Some IK /\ integer_rows (length cols) 0 layer = Some rows /\
    packing_fits C K box choice epsilon = true /\
  windows_of_refuters (size (with_entries no_entries rows)) IK (with_entries (with_entries no_entries rows) (halfspaces IK)) ws
    (lasting C a cols epsilon) refuters 0 = Good found /\
  one_axis (length choice) (map begins (flat_map snd found)) = true /\
  all_owned (with_entries no_entries (map (fun f => common unknown (snd f)) (filter fst found))) owner 0
    (numbers_of 0 unknown) = true.
Proof.
  assert (H := accepted). unfold check_window_packing, prepared in H. fold cols layer in H.
  destruct (integer_domain_of (length cols) K) as [IK|]; [|discriminate].
  destruct (integer_rows (length cols) 0 layer) as [rows|]; [|discriminate].
  destruct (packing_fits C K box choice epsilon) eqn:F; [|discriminate]. fold ws in H.
  destruct (windows_of_refuters (size (with_entries no_entries rows)) IK
    (with_entries (with_entries no_entries rows) (halfspaces IK)) ws
    (lasting C a cols epsilon) refuters 0) as [found|] eqn:W; [|discriminate].
  destruct (one_axis (length choice) (map begins (flat_map snd found))) eqn:O; [|discriminate]. fold unknown in H.
  set (owner := owners_of (map (fun f => common unknown (snd f)) (filter fst found))) in H.
  destruct (all_owned (with_entries no_entries (map (fun f => common unknown (snd f)) (filter fst found))) owner 0
    (numbers_of 0 unknown)) eqn:A;
    [|discriminate]. exists IK, rows, found, owner. repeat (split; [assumption || reflexivity|]). exact A.
Qed.

Lemma fits_spec : packing_fits C K box choice epsilon = true ->
  forallb sound_axis (axes C) = true /\ length (axes C) = length box /\ length choice = length box /\
  forallb (fun s => increasing (slot_starts s)) choice = true.
Proof.
  unfold packing_fits. intro F. apply andb_prop in F as [F I]. apply andb_prop in F as [F L2]. apply andb_prop in F as [F L1].
  apply andb_prop in F as [_ S]. apply Nat.eqb_eq in L1, L2. auto.
Qed.

Lemma numbered_placed : forall i w, numbered ws i w -> nth_error (placed_windows C a box choice) (Z.to_nat i) = Some w.
Proof.
  intros i w E. assert (B := entry_number _ _ _ _ E). apply (entry_nth _ _ no_entries) in E; [|cbn; lia].
  replace (i - size no_entries)%Z with i in E by (cbn; lia). exact E.
Qed.

Lemma refuter_placed : forall m IK functions f w, of_refuter m IK functions ws (lasting C a cols epsilon) f -> In w (snd f) ->
  In w (placed_windows C a box choice).
Proof.
  intros m IK functions f w (pairs & shown & support & _ & F & _) W. destruct (Forall2_in_right _ _ _ _ _ F w W) as (t & _ & E).
  apply numbered_placed in E. apply (nth_error_In _ _ E).
Qed.

(** A vector is 0 if it is 0 at the known columns and a window of each refuter is orthogonal to it. *)
Lemma spark_determines : forall IK rows found owner L v, packing_fits C K box choice epsilon = true ->
  windows_of_refuters (size (with_entries no_entries rows)) IK (with_entries (with_entries no_entries rows) (halfspaces IK)) ws
    (lasting C a cols epsilon) refuters 0 = Good found ->
  one_axis (length choice) (map begins (flat_map snd found)) = true ->
  all_owned (with_entries no_entries (map (fun f => common unknown (snd f)) (filter fst found))) owner 0
    (numbers_of 0 unknown) = true ->
  windows_full_spark C L a box choice ->
  (forall f, In f found -> fst f = true -> exists w, In w (snd f) /\ window_sum C L Zeros box v a (channel w) (begins w) = 0) ->
  (forall c, In c cols -> known choice box (snd c) = true -> at_column v c = 0) ->
  forall c, In c cols -> at_column v c = 0.
Proof.
  intros IK rows found owner L v F W O A FS H KN. apply fits_spec in F as (_ & L1 & L2 & I).
  destruct (windows_of_refuters_spec _ _ _ _ _ _ _ _ _ W) as (OF & numbers & FN & ND & _).
  apply (determined C a box choice L1 L2 found) with (owner := owner) (L := L); auto.
  - intros f w FI WI. apply (refuter_placed _ _ _ f w (OF f FI) WI).
  - apply (rows_differ _ numbers _ (placed_NoDup C a box choice I) ND FN).
Qed.

Lemma window_product : forall w v, packing_fits C K box choice epsilon = true -> In w (placed_windows C a box choice) ->
  dot (normal (window_row C cols a (reading w) (channel w))) (vector cols v) =
    window_sum C (own_kernels C) Zeros box v a (channel w) (begins w).
Proof.
  intros w v F W. apply fits_spec in F as (_ & L1 & L2 & _). assert (SL := start_length C a box choice L2 w W).
  apply placed_in in W as [E _]. rewrite E. cbn [reading channel begins place_window normal window_row].
  rewrite own_window_sum. apply dot_spread; [apply NoDup_columns|]. intros c I. apply (reading_spec C a box (begins w) c L1 SL I).
Qed.

Theorem packing_injective_if_full_spark : windows_full_spark C (own_kernels C) a box choice -> injective (length cols) K layer.
Proof.
  intro FS. destruct accepted_parts as (IK & rows & found & owner & D & R & F & W & O & A).
  apply integer_domain_of_spec in D. apply integer_rows_spec in R.
  apply (injective_if_spanned (length cols) K IK layer rows D R). intros z v (Z0 & _) E.
  assert (ND : NoDup cols) by apply NoDup_columns.
  set (pz := picture_of cols z). set (pv := picture_of cols v).
  assert (VZ : same (length cols) (vector cols pz) z) by (apply vector_picture_of, ND).
  assert (VV : same (length cols) (vector cols pv) v) by (apply vector_picture_of, ND).
  assert (G : forall c, In c cols -> at_column pv c = 0).
  { apply (spark_determines IK rows found owner (own_kernels C) pv F W O A FS).
    - intros f FI _. destruct (proj1 (windows_of_refuters_spec _ _ _ _ _ _ _ _ _ W) f FI) as (pairs & shown & support & S & N & _).
      destruct (support_of_refuter_sound (length cols) K IK _ _ D (named_length _ K IK layer rows D R)
        (halfspace_below _ K IK rows D) pairs support S) as [SN SX].
      destruct (SX z Z0) as (t & T & V). destruct (SN t T) as [TN TR]. destruct (Forall2_in_left _ _ _ _ _ N t T) as (w & WI & WE).
      exists w. split; [exact WI|]. apply numbered_placed in WE.
      rewrite <- window_product by (exact F || apply (nth_error_In _ _ WE)).
      destruct (E (function t) (named_row IK rows t TN TR)) as [IO|IN]; [|lra].
      destruct (row_orthogonal (length cols) IK layer rows R (row_number t) (function t) v TN (proj1 (Z.ltb_lt _ _) TR) IO) as [_ DO].
      destruct (box_layer_eq C a box choice) as (others & LE). fold cols layer in LE. rewrite LE in DO.
      rewrite app_nth1 in DO by (rewrite map_length; apply nth_error_Some; congruence).
      apply (map_nth_error (fun w => window_row C cols a (reading w) (channel w))) in WE.
      rewrite (nth_error_nth _ _ _ WE) in DO. rewrite <- DO. apply dot_ext. intros j J. apply VV.
      cbn [normal window_row] in J. unfold spread in J. rewrite map_length in J. exact J.
    - intros c CI KC.
      assert (KR : forall s, In (Row (spread cols [s] [Some c]) 0%Q) layer ->
        Q2R s * at_column pv c = 0 \/ Q2R s * at_column pz c < 0).
      { intros s I. assert (LS : length (spread cols [s] [Some c]) = length cols) by apply map_length.
        assert (B := fun x => known_row_value C box a s c x CI). fold cols in B.
        destruct (escapes_layer _ _ _ _ _ R E _ I) as [DO|N].
        - left. rewrite <- B. unfold affine. cbn [normal bias] in *. rewrite (dot_ext _ _ v), DO, Q2R_zero; [ring|].
          intros j J. apply VV. lia.
        - right. rewrite <- B. rewrite (affine_ext _ _ z); [exact N|]. cbn [normal]. rewrite LS. exact VZ. }
      assert (I1 : forall s, s = 1%Q \/ s = (-1)%Q -> In (Row (spread cols [s] [Some c]) 0%Q) layer).
      { intros s S. unfold layer, box_layer. apply in_or_app. right. unfold known_rows. apply in_flat_map. exists c.
        split; [exact CI|]. rewrite KC. destruct S as [-> | ->]; [left|right; left]; reflexivity. }
      assert (P := KR _ (I1 1%Q (or_introl eq_refl))). assert (M := KR _ (I1 (-1)%Q (or_intror eq_refl))).
      unfold Q2R in P, M. simpl in P, M. lra. }
  intros w LW. rewrite (idot_ext w v (times 0 zero_point)); [rewrite idot_times; ring|].
  intros j J. rewrite LW in J. rewrite <- (VV j J). unfold vector. rewrite G by (apply nth_In, J). unfold times, zero_point. ring.
Qed.

End OneBox.
