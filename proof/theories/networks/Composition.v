(** Rule "composition": a network whose layers are injective, each on what the layer before it can give. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.networks Require Import Collisions.
Import ListNotations.
Open Scope Z_scope.

(** The proof of one layer: about its rows, or block by block. *)
Inductive layer_proof :=
  | ByRows (p : rows_proof)
  | ByLayerBlocks (blocks : stream block).

Definition opposite (r : row) : row := Row (map Qopp (normal r)) (Qopp (bias r)).

(** Rows with slope 0; rows with a positive slope, and their opposites. *)
Fixpoint sloped_rows (L : list sloped_row) : list row :=
  match L with
  | [] => []
  | u :: L' =>
      if Qnum (slope u) <? 0 then sloped_rows L'
      else if Qnum (slope u) =? 0 then affine_part u :: sloped_rows L'
      else affine_part u :: opposite (affine_part u) :: sloped_rows L'
  end.

Definition check_layer (n : nat) (K : domain) (rows : list row) (p : layer_proof) : outcome unit :=
  match rows, p with
  | [], _ => Bad NoRows
  | _, ByRows (FlatTreeProof _ _ as q) | _, ByRows (SignSplitProof _ _ as q) => check_rows n K rows q
  | _, ByRows _ => Bad WrongShape
  | _, ByLayerBlocks blocks => check_blocks n K rows blocks
  end.

(** What a layer gives: nonnegative numbers if no slope is positive. *)
Definition image_domain (L : list sloped_row) : domain :=
  if forallb (fun u => Qnum (slope u) <=? 0) L then Orthant else Space.

Fixpoint check_composition (n : nat) (K : domain) (N : list (list sloped_row)) (proofs : stream layer_proof) : outcome unit :=
  match proofs, N with
  | Done, [] => Good tt
  | Done, _ :: _ => Bad LayersEnd
  | More _ _, [] => Bad LayersGoOn
  | More p others, L :: rest =>
      match check_layer n K (sloped_rows L) p with
      | Bad why => Bad why
      | Good _ => check_composition (length L) (image_domain L) rest others
      end
  end.

(** * Proof *)

Open Scope R_scope.

Lemma check_layer_sound : forall n K rows p, check_layer n K rows p = Good tt -> injective n K rows.
Proof.
  intros n K rows p H. unfold check_layer in H. destruct rows as [|r rows]; [discriminate|].
  destruct p as [[x y|refuters tree|circuits tree|refuters]|blocks]; try discriminate.
  - apply (check_rows_sound _ _ _ _ H).
  - apply (check_rows_sound _ _ _ _ H).
  - apply (check_blocks_sound _ _ _ _ H).
Qed.

Lemma dot_opposite : forall w x, dot (map Qopp w) x = - dot w x.
Proof. induction w as [|a w IH]; intro x; cbn [map dot]; [ring|]. rewrite IH, Q2R_opp. ring. Qed.

Lemma affine_opposite : forall r x, affine (opposite r) x = - affine r x.
Proof. intros r x. unfold affine, opposite. cbn [normal bias]. rewrite dot_opposite, Q2R_opp. ring. Qed.

Lemma slope_sign : forall u : sloped_row, 0 < IZR (Z.pos (Qden (slope u))) /\ Q2R (slope u) * IZR (Z.pos (Qden (slope u))) = IZR (Qnum (slope u)).
Proof.
  intro u. assert (P : 0 < IZR (Z.pos (Qden (slope u)))) by (apply (IZR_lt 0); reflexivity).
  split; [exact P|]. unfold Q2R. field. lra.
Qed.

(** From an output the ReLU of its row is known if the slope is 0, the row's value if the slope is positive. *)
Lemma activated_relu : forall s a b, s == 0 -> activated s a = activated s b -> relu a = relu b.
Proof.
  intros s a b S H. apply Qeq_eqR in S. unfold Q2R at 2 in S. simpl in S. unfold activated in H. unfold relu, Rmax.
  destruct (Rle_dec 0 a), (Rle_dec 0 b), (Rle_dec a 0), (Rle_dec b 0); nra.
Qed.

Lemma activated_value : forall s a b, 0 < Q2R s -> activated s a = activated s b -> a = b.
Proof. intros s a b S H. unfold activated in H. destruct (Rle_dec 0 a), (Rle_dec 0 b); nra. Qed.

Lemma outputs_of_rows : forall L x y, layer_value L x = layer_value L y -> output (sloped_rows L) x = output (sloped_rows L) y.
Proof.
  induction L as [|u L IH]; intros x y H; [reflexivity|]. cbn [layer_value map] in H. injection H as A H. specialize (IH x y H).
  destruct (slope_sign u) as [P S]. cbn [sloped_rows]. destruct (Qnum (slope u) <? 0)%Z eqn:N; [exact IH|].
  apply Z.ltb_ge in N. destruct (Qnum (slope u) =? 0)%Z eqn:E; cbn [output map]; fold (output (sloped_rows L) x) (output (sloped_rows L) y); rewrite IH.
  - apply Z.eqb_eq in E. f_equal. apply (activated_relu (slope u)); [|exact A]. unfold Qeq. rewrite E. reflexivity.
  - apply Z.eqb_neq in E. assert (0 < IZR (Qnum (slope u))) by (apply (IZR_lt 0); lia).
    rewrite !affine_opposite, (activated_value (slope u) _ _ ltac:(nra) A). reflexivity.
Qed.

Lemma inside_image : forall L x, inside (length L) (image_domain L) (point_of (layer_value L x)).
Proof.
  intros L x. unfold image_domain. destruct (forallb (fun u => (Qnum (slope u) <=? 0)%Z) L) eqn:F; [|exact I].
  intros j J. unfold point_of, layer_value. rewrite forallb_forall in F.
  set (g := fun u => activated (slope u) (affine (affine_part u) x)).
  rewrite (nth_indep _ 0 (g (nth j L (SlopedRow (Row [] 0%Q) 0%Q)))) by (rewrite map_length; exact J).
  rewrite (map_nth g). rewrite (nth_indep L _ (SlopedRow (Row [] 0%Q) 0%Q) J).
  set (u := nth j L (SlopedRow (Row [] 0%Q) 0%Q)).
  assert (U : In u L) by (apply nth_In, J). apply F, Z.leb_le, IZR_le in U. destruct (slope_sign u) as [P S].
  unfold g, activated. destruct (Rle_dec 0 (affine (affine_part u) x)); nra.
Qed.

Lemma same_layer_value : forall L x y, same (length L) (point_of (layer_value L x)) (point_of (layer_value L y)) ->
  layer_value L x = layer_value L y.
Proof.
  intros L x y H. apply (nth_ext _ _ 0 0); unfold layer_value in *; rewrite !map_length; [reflexivity|]. intros j J. apply (H j J).
Qed.

Theorem check_composition_sound : forall N n K proofs,
  check_composition n K N proofs = Good tt -> network_injective n K N.
Proof.
  induction N as [|L rest IH]; intros n K proofs H.
  - intros x y _ _ S. exact S.
  - destruct proofs as [|p others]; cbn [check_composition] in H; [discriminate|].
    destruct (check_layer n K (sloped_rows L) p) as [[]|] eqn:C; [|discriminate]. apply check_layer_sound in C.
    apply IH in H. intros x y X Y S. apply C; [exact X|exact Y|]. apply outputs_of_rows, same_layer_value.
    apply H; [apply inside_image|apply inside_image|]. intros j J. apply S. rewrite output_width_cons. exact J.
Qed.
