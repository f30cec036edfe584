(** Rule "blocks": groups of columns with rows that are zero outside, each group proved by itself. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Tables Combinations OneLayer.
Import ListNotations.
Open Scope Z_scope.

(** Columns and rows in increasing order, and the proof of the block layer. *)
Record block := Block { columns : list Z; chosen : list Z; proof : rows_proof }.

(** Which of the columns i, ..., i + n - 1 are in an increasing list. *)
Fixpoint mask_of (n : nat) (i : Z) (cs : list Z) : list bool :=
  match n with
  | O => []
  | S n' =>
      match cs with
      | c :: cs' => if c =? i then true :: mask_of n' (i + 1) cs' else false :: mask_of n' (i + 1) cs
      | [] => false :: mask_of n' (i + 1) []
      end
  end.

(** The entries in the columns of a mask. *)
Fixpoint cut {A : Type} (mask : list bool) (w : list A) : list A :=
  match mask, w with
  | true :: mask', a :: w' => a :: cut mask' w'
  | false :: mask', _ :: w' => cut mask' w'
  | _, _ => []
  end.

(** Whether the entries outside the mask are 0. *)
Fixpoint zero_outside (mask : list bool) (w : list Q) : bool :=
  match mask, w with
  | true :: mask', _ :: w' => zero_outside mask' w'
  | false :: mask', a :: w' => (Qnum a =? 0) && zero_outside mask' w'
  | [], [] => true
  | _, _ => false
  end.

Fixpoint count (mask : list bool) : nat :=
  match mask with [] => O | true :: mask' => S (count mask') | false :: mask' => count mask' end.

(** The rows that a block chooses, cut down to its columns. *)
Fixpoint block_layer (layer : table row) (mask : list bool) (rows : list Z) : outcome (list row) :=
  match rows with
  | [] => Good []
  | i :: rows' =>
      match entry layer i with
      | None => Bad NoSuchBlockRow
      | Some r =>
          if zero_outside mask (normal r) then
            match block_layer layer mask rows' with
            | Good rest => Good (Row (cut mask (normal r)) (bias r) :: rest)
            | Bad why => Bad why
            end
          else Bad (NonzeroOutside i)
      end
  end.

(** The domain cut down to the columns; None for a polytope, and for a sphere. *)
Definition block_domain (n : nat) (mask : list bool) (K : domain) : option domain :=
  match K with
  | Space | Orthant | NonnegativeBall _ => Some K
  | Box lower upper =>
      if has_length n lower && has_length n upper then Some (Box (cut mask lower) (cut mask upper)) else None
  | Ball center radius => if has_length n center then Some (Ball (cut mask center) radius) else None
  | Polytope _ _ | Sphere _ => None
  end.

Fixpoint either (covered mask : list bool) : list bool :=
  match covered, mask with
  | a :: covered', b :: mask' => (a || b) :: either covered' mask'
  | _, _ => []
  end.

Fixpoint first_uncovered (i : Z) (covered : list bool) : option Z :=
  match covered with
  | [] => None
  | true :: covered' => first_uncovered (i + 1) covered'
  | false :: _ => Some i
  end.

Definition shows_injective (p : rows_proof) : bool :=
  match p with FlatTreeProof _ _ | SignSplitProof _ _ => true | _ => false end.

Definition check_block (n : nat) (K : domain) (layer : table row) (mask : list bool) (b : block) : outcome unit :=
  match block_domain n mask K with
  | None => Bad PolytopeBlocks
  | Some K' =>
      match block_layer layer mask (chosen b) with
      | Bad why => Bad why
      | Good rows => if shows_injective (proof b) then check_rows (count mask) K' rows (proof b) else Bad WrongShape
      end
  end.

(** Each block in turn; then every column is in one. *)
Fixpoint check_each (n : nat) (K : domain) (layer : table row) (covered : list bool) (blocks : stream block) : outcome unit :=
  match blocks with
  | Done => match first_uncovered 0 covered with Some j => Bad (ColumnMissing j) | None => Good tt end
  | More b rest =>
      let mask := mask_of n 0 (columns b) in
      match check_block n K layer mask b with
      | Good _ => check_each n K layer (either covered mask) rest
      | Bad why => Bad why
      end
  end.

Definition check_blocks (n : nat) (K : domain) (layer : list row) (blocks : stream block) : outcome unit :=
  check_each n K (with_entries no_entries layer) (repeat false n) blocks.

Open Scope R_scope.

(** The coordinates in the columns of a mask. *)
Fixpoint restricted (mask : list bool) (x : point) : point :=
  match mask with
  | [] => zero_point
  | true :: mask' => cons (x 0%nat) (restricted mask' (fun j => x (S j)))
  | false :: mask' => restricted mask' (fun j => x (S j))
  end.

Lemma mask_of_length : forall n i cs, length (mask_of n i cs) = n.
Proof.
  induction n as [|n IH]; intros i cs; [reflexivity|]. cbn [mask_of].
  destruct cs as [|c cs]; [|destruct (c =? i)%Z]; cbn [length]; rewrite IH; reflexivity.
Qed.

Lemma dot_cut : forall mask w x, zero_outside mask w = true -> dot (cut mask w) (restricted mask x) = dot w x.
Proof.
  induction mask as [|[] mask IH]; intros [|a w] x H; cbn [zero_outside] in H; try discriminate; [reflexivity| |].
  - cbn [cut restricted dot]. cbn [cons]. rewrite <- (IH w (fun j => x (S j)) H). reflexivity.
  - apply andb_prop in H as [A H]. apply Z.eqb_eq in A. cbn [cut restricted dot].
    rewrite (IH w (fun j => x (S j)) H). unfold Q2R at 1. rewrite A. lra.
Qed.

Lemma restricted_forall : forall mask x (P : nat -> R -> Prop), (forall j, (j < length mask)%nat -> P j (x j)) ->
  forall k, (k < count mask)%nat -> exists j, (j < length mask)%nat /\ restricted mask x k = x j /\
    forall A (w : list A) d, length w = length mask -> nth k (cut mask w) d = nth j w d.
Proof.
  induction mask as [|[] mask IH]; intros x P H k L; cbn [count length] in *; [lia| |].
  - destruct k as [|k].
    + exists 0%nat. split; [lia|]. split; [reflexivity|]. intros A [|a w] d E; [discriminate E|reflexivity].
    + destruct (IH (fun j => x (S j)) (fun j => P (S j)) (fun j J => H (S j) ltac:(lia)) k ltac:(lia)) as (j & J & E & N).
      exists (S j). split; [lia|]. split; [exact E|]. intros A [|a w] d W; [discriminate W|]. apply N. injection W as W. exact W.
  - destruct (IH (fun j => x (S j)) (fun j => P (S j)) (fun j J => H (S j) ltac:(lia)) k L) as (j & J & E & N).
    exists (S j). split; [lia|]. split; [exact E|]. intros A [|a w] d W; [discriminate W|]. apply N. injection W as W. exact W.
Qed.

Lemma square_distance_cut : forall mask c x, length c = length mask ->
  square_distance (cut mask c) (restricted mask x) <= square_distance c x.
Proof.
  induction mask as [|[] mask IH]; intros [|a c] x L; try discriminate L; [simpl; lra| |]; injection L as L;
    specialize (IH c (fun j => x (S j)) L); cbn [cut restricted square_distance].
  - apply Rplus_le_compat; [right; reflexivity|exact IH].
  - assert (0 <= (x 0%nat - Q2R a) * (x 0%nat - Q2R a)) by apply Rle_0_sqr. lra.
Qed.

Lemma cut_repeat : forall A (a : A) mask, cut mask (repeat a (length mask)) = repeat a (count mask).
Proof. induction mask as [|[] mask IH]; cbn; [reflexivity| |]; rewrite IH; reflexivity. Qed.

Lemma inside_cut : forall n mask K K' x, length mask = n -> block_domain n mask K = Some K' ->
  inside n K x -> inside (count mask) K' (restricted mask x).
Proof.
  intros n mask K K' x L H X. destruct K as [| |lower upper|center radius|radius|functions interior|radius]; cbn [block_domain] in H.
  - injection H as <-. exact I.
  - injection H as <-. intros k J.
    destruct (restricted_forall mask x (fun _ _ => True) (fun _ _ => I) k J) as (j & JL & E & _).
    rewrite E. apply X. lia.
  - destruct (has_length n lower && has_length n upper)%bool eqn:HL; [|discriminate]. injection H as <-.
    apply andb_prop in HL as [A B]. apply has_length_spec in A, B. intros k J.
    destruct (restricted_forall mask x (fun _ _ => True) (fun _ _ => I) k J) as (j & JL & E & N).
    rewrite E, !N by congruence. apply X. lia.
  - destruct (has_length n center) eqn:HL; [|discriminate]. injection H as <-. apply has_length_spec in HL.
    cbn [inside] in *. eapply Rle_trans; [apply square_distance_cut; congruence|exact X].
  - injection H as <-. destruct X as [X Y]. split.
    + intros k J. destruct (restricted_forall mask x (fun _ _ => True) (fun _ _ => I) k J) as (j & JL & E & _).
      rewrite E. apply X. lia.
    + rewrite <- cut_repeat, L. eapply Rle_trans; [apply square_distance_cut; rewrite repeat_length; auto|exact Y].
  - discriminate.
  - discriminate.
Qed.

Lemma same_cut : forall mask x y, same (count mask) (restricted mask x) (restricted mask y) ->
  forall j, nth j mask false = true -> x j = y j.
Proof.
  induction mask as [|[] mask IH]; intros x y H j J; [destruct j; discriminate J| |].
  - destruct j as [|j].
    + apply (H 0%nat). cbn. lia.
    + apply (IH (fun i => x (S i)) (fun i => y (S i))); [|exact J]. intros k KL. apply (H (S k)). cbn. lia.
  - destruct j as [|j]; [discriminate J|]. apply (IH (fun i => x (S i)) (fun i => y (S i))); [exact H|exact J].
Qed.

Lemma block_layer_spec : forall layer mask rows cs, block_layer layer mask rows = Good cs ->
  forall c, In c cs -> exists i r, entry layer i = Some r /\ zero_outside mask (normal r) = true /\
    c = Row (cut mask (normal r)) (bias r).
Proof.
  induction rows as [|i rows IH]; intros cs H c C; cbn [block_layer] in H.
  - injection H as <-. destruct C.
  - destruct (entry layer i) as [r|] eqn:E; [|discriminate].
    destruct (zero_outside mask (normal r)) eqn:Z0; [|discriminate].
    destruct (block_layer layer mask rows) as [rest|]; [|discriminate]. injection H as <-.
    destruct C as [<-|C]; [exists i, r; auto|apply (IH rest eq_refl c C)].
Qed.

Lemma outputs_in : forall layer x y, output layer x = output layer y ->
  forall r, In r layer -> relu (affine r x) = relu (affine r y).
Proof.
  induction layer as [|s layer IH]; intros x y H r R; [destruct R|].
  injection H as H1 H2. destruct R as [<-|R]; [exact H1|apply (IH x y H2 r R)].
Qed.

Lemma outputs_equal : forall layer x y, (forall r, In r layer -> relu (affine r x) = relu (affine r y)) ->
  output layer x = output layer y.
Proof.
  intros layer x y H. apply map_ext_in. exact H.
Qed.

Lemma check_block_sound : forall n K layer mask b x y, length mask = n ->
  check_block n K (with_entries no_entries layer) mask b = Good tt ->
  inside n K x -> inside n K y -> output layer x = output layer y ->
  forall j, nth j mask false = true -> x j = y j.
Proof.
  intros n K layer mask b x y L H X Y E. unfold check_block in H.
  destruct (block_domain n mask K) as [K'|] eqn:D; [|discriminate].
  destruct (block_layer (with_entries no_entries layer) mask (chosen b)) as [rows|] eqn:B; [|discriminate].
  assert (INJ : injective (count mask) K' rows).
  { destruct (proof b) as [px py|refuters tree|circuits tree|refuters]; cbn [shows_injective] in H; try discriminate;
      apply check_rows_sound in H; exact H. }
  apply same_cut. apply INJ.
  - apply (inside_cut n mask K); assumption.
  - apply (inside_cut n mask K); assumption.
  - apply outputs_equal. intros c C. destruct (block_layer_spec _ _ _ _ B c C) as (i & r & F & Z0 & ->).
    unfold affine. cbn [normal bias]. rewrite !dot_cut by exact Z0. apply (outputs_in layer x y E).
    destruct (entry_from _ layer no_entries i r (Z.le_refl 0) F) as [I|N]; [exact I|].
    apply entry_number in N. cbn in N. lia.
Qed.

Lemma either_nth : forall covered mask j, nth j (either covered mask) false = true ->
  nth j covered false = true \/ nth j mask false = true.
Proof.
  induction covered as [|a covered IH]; intros [|b mask] j H; try (destruct j; discriminate H).
  destruct j as [|j]; cbn [either nth] in *; [apply orb_prop in H; exact H|apply IH, H].
Qed.

Lemma first_uncovered_none : forall covered i, first_uncovered i covered = None ->
  forall j, (j < length covered)%nat -> nth j covered false = true.
Proof.
  induction covered as [|[] covered IH]; intros i H j J; cbn [first_uncovered length] in *; [lia| |discriminate].
  destruct j as [|j]; [reflexivity|]. cbn [nth]. apply (IH (i + 1)%Z H). lia.
Qed.

Lemma either_length : forall covered mask, length covered = length mask -> length (either covered mask) = length mask.
Proof. induction covered as [|a c IH]; intros [|b m] L; try discriminate L; [reflexivity|]. cbn. rewrite IH; auto. Qed.

Theorem check_blocks_sound : forall n K layer blocks, check_blocks n K layer blocks = Good tt -> injective n K layer.
Proof.
  intros n K layer blocks H x y X Y E. unfold check_blocks in H.
  enough (G : forall blocks covered, check_each n K (with_entries no_entries layer) covered blocks = Good tt ->
    length covered = n -> (forall j, nth j covered false = true -> x j = y j) -> same n x y).
  { apply (G blocks (repeat false n) H); [apply repeat_length|].
    intros j J. exfalso. clear - J. revert j J. induction n; intros [|j] J; try discriminate J. apply (IHn j J). }
  clear H. induction blocks0 as [|b rest IH]; intros covered H L C; cbn [check_each] in H.
  - destruct (first_uncovered 0 covered) eqn:F; [discriminate|]. intros j J.
    apply C, (first_uncovered_none covered 0 F). lia.
  - set (mask := mask_of n 0 (columns b)) in H.
    destruct (check_block n K (with_entries no_entries layer) mask b) as [[]|] eqn:B; [|discriminate].
    assert (ML : length mask = n) by apply mask_of_length.
    apply (IH _ H).
    + rewrite either_length; congruence.
    + intros j J. destruct (either_nth _ _ _ J) as [J1|J1]; [apply C, J1|].
      apply (check_block_sound n K layer mask b x y ML B X Y E j J1).
Qed.
