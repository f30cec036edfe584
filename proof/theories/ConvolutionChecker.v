(** The checker for certificates about convolutions, and what it means that it accepts. *)

From Coq Require Import List ZArith QArith.
From Proof Require Import Layers Streams Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Convolutions Geometry Unrolled Covering Boxes PackedBoxes WindowsNearby Periodic Patch Count Unpaired Geometric.
Open Scope Z_scope.

(** The evidence in a certificate, rule by rule. *)
Inductive convolution_evidence :=
  | CollisionAtSize (x y : list Q)
  | RowsAtSize (p : rows_proof)
  | BlocksAtSize (blocks : stream block)
  | ByBoxes (box : list Z) (slots : list (list slot)) (proofs : stream box_proof)
  | ByPackedBoxes (box : list Z) (slots : list (list slot)) (proofs : stream packed_proof)
  | ByPeriodic (period : list Z) (x y : list Q)
  | ByPatch (parts : list anchored) (x y : list Q)
  | ByCount (group : nat)
  | ByUnpaired (group kernel : nat) (tap : list Z)
  | ByGeometric (group : nat) (period : list Z) (factor x : list Q).

Definition check_convolution (C : convolution) (K : domain) (S : sizes) (e : convolution_evidence) : answer :=
  if sizes_fit C S then
    match e, S with
    | CollisionAtSize x y, OneSize N => check_at_size C K N (CollisionProof x y)
    | RowsAtSize p, OneSize N => if shows_injective p then check_at_size C K N p else Refused DoesNotFit
    | BlocksAtSize blocks, OneSize N => check_blocks_at_size C K N blocks
    | ByBoxes box slots proofs, ManySizes minimum residues => check_boxes C K minimum residues box slots proofs
    | ByPackedBoxes box slots proofs, ManySizes minimum residues => check_packed_boxes C K minimum residues box slots proofs
    | ByPeriodic period x y, ManySizes minimum _ => check_periodic C K minimum period x y
    | ByPatch parts x y, ManySizes minimum residues => check_patch C K minimum residues parts x y
    | ByCount group, ManySizes minimum _ => check_count C K minimum group
    | ByUnpaired group kernel tap, ManySizes minimum _ => check_unpaired C K minimum group kernel tap
    | ByGeometric group period factor x, ManySizes minimum _ => check_geometric C K minimum group period factor x
    | _, _ => Refused DoesNotFit
    end
  else Refused DoesNotFit.

(** What a certificate with this evidence claims about a size. *)
Definition claim_at (C : convolution) (K : domain) (e : convolution_evidence) (N : list Z) : Prop :=
  match e with
  | CollisionAtSize _ _ | ByPeriodic _ _ _ | ByPatch _ _ _ | ByCount _ | ByUnpaired _ _ _ | ByGeometric _ _ _ _ => collides_at C K N
  | RowsAtSize _ | BlocksAtSize _ | ByBoxes _ _ _ => injective_at C K N
  | ByPackedBoxes box slots proofs => injective_if_windows_full_spark C K box slots proofs N
  end.

(** What the checker accepts is true. *)
Theorem checker_of_convolutions_is_right : forall C K S e, check_convolution C K S e = Accepted ->
  forall N, among C S N -> defined (mode C) (axes C) N /\ claim_at C K e N.
Proof.
  intros C K S e H N A. unfold check_convolution in H. destruct (sizes_fit C S) eqn:F; [|discriminate].
  assert (L := sizes_fit_spec C S N F A). split; [apply large_enough_defined, L|].
  destruct e, S; try discriminate H; cbn [claim_at sizes_fit among] in *; try subst N.
  - apply (check_at_size_sound _ _ _ _ L H).
  - destruct p; try discriminate H; apply (check_at_size_sound _ _ _ _ L H).
  - apply (check_blocks_at_size_sound _ _ _ _ L H).
  - apply (check_boxes_sound _ _ _ _ _ _ _ _ F H A).
  - apply (check_packed_boxes_sound _ _ _ _ _ _ _ _ F H A).
  - apply (check_periodic_sound _ _ _ _ _ _ _ _ F H A).
  - apply (check_patch_sound _ _ _ _ _ _ _ _ F H A).
  - apply (check_count_sound _ _ _ _ _ _ F H A).
  - apply (check_unpaired_sound _ _ _ _ _ _ _ _ F H A).
  - apply (check_geometric_sound _ _ _ _ _ _ _ _ _ F H A).
Qed.
