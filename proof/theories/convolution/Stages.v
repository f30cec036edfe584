(** Rule "stages" inside "boxes": groups of columns one after the other, which know the columns of those before. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Rows Domains Tables Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Unrolled.
Import ListNotations.
Open Scope Z_scope.

Definition unit_row (n k : nat) (s : Q) : row := Row (repeat 0%Q k ++ s :: repeat 0%Q (n - 1 - k)) 0%Q.

(** For each column that is marked two rows with bias 0: 1 in that column, and -1 in that column. *)
Definition seen_rows (marks : list bool) : list row :=
  flat_map (fun k => if nth k marks false then [unit_row (length marks) k 1%Q; unit_row (length marks) k (-1)%Q] else [])
           (seq 0 (length marks)).

Definition check_stage (n : nat) (K : domain) (layer : table row) (covered mask : list bool) (b : block) : outcome unit :=
  match block_domain n mask K with
  | None => Bad PolytopeBlocks
  | Some K' =>
      match block_layer layer mask (chosen b) with
      | Bad why => Bad why
      | Good rows =>
          if shows_injective (proof b) then check_rows (count mask) K' (rows ++ seen_rows (cut mask covered)) (proof b)
          else Bad WrongShape
      end
  end.

(** Each stage in turn; then every column is in one. *)
Fixpoint check_stages (n : nat) (K : domain) (layer : table row) (covered : list bool) (stages : stream block) : answer :=
  match stages with
  | Done => match first_uncovered 0 covered with Some j => Refused (StageMissing j) | None => Accepted end
  | More b rest =>
      let mask := mask_of n 0 (Blocks.columns b) in
      match check_stage n K layer covered mask b with
      | Good _ => check_stages n K layer (either covered mask) rest
      | Bad why => Refused (OfRows why)
      end
  end.

Open Scope R_scope.

Lemma dot_zeros : forall k w x, dot (repeat 0%Q k ++ w) x = dot w (fun j => x (k + j)%nat).
Proof.
  induction k as [|k IH]; intros w x; [reflexivity|]. cbn [repeat app dot]. rewrite IH, Q2R_zero. rewrite Rmult_0_l, Rplus_0_l. reflexivity.
Qed.

Lemma affine_unit_row : forall n k s x, affine (unit_row n k s) x = Q2R s * x k.
Proof.
  intros n k s x. unfold affine, unit_row. cbn [normal bias]. rewrite dot_zeros. cbn [dot].
  rewrite <- (app_nil_r (repeat 0%Q (n - 1 - k))), dot_zeros. cbn [dot]. rewrite Q2R_zero, Nat.add_0_r. ring.
Qed.

Lemma seen_rows_agree : forall marks x y, (forall k, nth k marks false = true -> x k = y k) ->
  forall r, In r (seen_rows marks) -> affine r x = affine r y.
Proof.
  intros marks x y H r R. apply in_flat_map in R as (k & _ & R). destruct (nth k marks false) eqn:M; [|destruct R].
  destruct R as [<-|[<-|[]]]; rewrite !affine_unit_row, (H k M); reflexivity.
Qed.

Lemma restricted_agree : forall mask covered x y, (forall j, nth j covered false = true -> x j = y j) ->
  forall k, nth k (cut mask covered) false = true -> restricted mask x k = restricted mask y k.
Proof.
  induction mask as [|[] mask IH]; intros [|c covered] x y H k J; cbn [cut] in J; try (destruct k; discriminate J).
  - destruct k as [|k]; cbn [restricted Integers.cons nth] in *; [apply (H O), J|].
    apply (IH covered (fun j => x (S j)) (fun j => y (S j))); [|exact J]. intros j. apply (H (S j)).
  - cbn [restricted]. apply (IH covered (fun j => x (S j)) (fun j => y (S j))); [|exact J]. intros j. apply (H (S j)).
Qed.

Lemma check_stage_sound : forall n K layer covered mask b x y, length mask = n ->
  check_stage n K (with_entries no_entries layer) covered mask b = Good tt ->
  inside n K x -> inside n K y -> output layer x = output layer y -> (forall j, nth j covered false = true -> x j = y j) ->
  forall j, nth j mask false = true -> x j = y j.
Proof.
  intros n K layer covered mask b x y L H X Y E C. unfold check_stage in H.
  destruct (block_domain n mask K) as [K'|] eqn:D; [|discriminate].
  destruct (block_layer (with_entries no_entries layer) mask (chosen b)) as [rows|] eqn:B; [|discriminate].
  assert (INJ : injective (count mask) K' (rows ++ seen_rows (cut mask covered))).
  { destruct (proof b); cbn [shows_injective] in H; try discriminate; apply check_rows_sound in H; exact H. }
  apply same_cut. apply INJ.
  - apply (inside_cut n mask K); assumption.
  - apply (inside_cut n mask K); assumption.
  - apply outputs_equal. intros c I. apply in_app_iff in I as [I|I].
    + destruct (block_layer_spec _ _ _ _ B c I) as (i & r & F & Z0 & ->).
      unfold affine. cbn [normal bias]. rewrite !dot_cut by exact Z0. apply (outputs_in layer x y E).
      destruct (entry_from _ layer no_entries i r (Z.le_refl 0) F) as [G|N]; [exact G|]. apply entry_number in N. cbn in N. lia.
    + f_equal. apply (seen_rows_agree (cut mask covered)); [|exact I]. apply restricted_agree, C.
Qed.

Theorem check_stages_sound : forall n K layer stages,
  check_stages n K (with_entries no_entries layer) (repeat false n) stages = Accepted -> injective n K layer.
Proof.
  intros n K layer stages H x y X Y E.
  enough (G : forall stages covered, check_stages n K (with_entries no_entries layer) covered stages = Accepted ->
    length covered = n -> (forall j, nth j covered false = true -> x j = y j) -> same n x y).
  { apply (G stages (repeat false n) H); [apply repeat_length|].
    intros j J. exfalso. clear - J. revert j J. induction n; intros [|j] J; try discriminate J. apply (IHn j J). }
  clear H. induction stages0 as [|b rest IH]; intros covered H L C; cbn [check_stages] in H.
  - destruct (first_uncovered 0 covered) eqn:F; [discriminate|]. intros j J.
    apply C, (first_uncovered_none covered 0 F). lia.
  - set (mask := mask_of n 0 (Blocks.columns b)) in H.
    destruct (check_stage n K (with_entries no_entries layer) covered mask b) as [[]|] eqn:B; [|discriminate].
    assert (ML : length mask = n) by apply mask_of_length.
    apply (IH _ H).
    + rewrite either_length; congruence.
    + intros j J. destruct (either_nth _ _ _ J) as [J1|J1]; [apply C, J1|].
      apply (check_stage_sound n K layer covered mask b x y ML B X Y E C j J1).
Qed.
