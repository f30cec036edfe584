(** Rule "boxes": a proof for each kind of box, and boxes that cover the grid. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Rows Domains Tables Combinations OneLayer.
From Proof.rules Require Import Blocks.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering FullSpark Stages.
Import ListNotations.
Open Scope Z_scope.

Inductive box_proof :=
  | BoxRows (p : rows_proof)
  | BoxBlocks (blocks : stream block)
  | BoxStages (stages : stream block).

(** What the windows of the slots read in the box, in lexicographic order. *)
Definition box_windows (C : convolution) (box : list Z) (choice : list slot) : window_list :=
  map (window_reads Zeros (axes C) box) (choices (map slot_starts choice)).

(** For each column at a known place two rows with bias 0: 1 in that column, and -1 in that column. *)
Definition known_rows (cols : list column) (choice : list slot) (box : list Z) : list row :=
  flat_map (fun c => if known choice box (snd c)
                     then [Row (spread cols [1%Q] [Some c]) 0%Q; Row (spread cols [(-1)%Q] [Some c]) 0%Q] else []) cols.

Definition box_layer (C : convolution) (a : nat) (box : list Z) (choice : list slot) : list row :=
  let cols := box_columns C a box in
  let reads := map (reads_in C a) (box_windows C box choice) in
  flat_map (fun q => map (fun r => window_row C cols a r q) reads) (seq 0 (outputs C)) ++ known_rows cols choice box.

Definition check_box (C : convolution) (K : domain) (box : list Z) (a : nat) (choice : list slot) (p : box_proof) : answer :=
  let cols := box_columns C a box in
  match column_domain K cols with
  | None => Refused DoesNotFit
  | Some K' =>
      let n := length cols in
      let rows := box_layer C a box choice in
      match p with
      | BoxRows p => if shows_injective p then of_rows (check_rows n K' rows p) else Refused DoesNotFit
      | BoxBlocks blocks => of_rows (check_blocks n K' rows blocks)
      | BoxStages stages => check_stages n K' (with_entries no_entries rows) (repeat false n) stages
      end
  end.

(** One proof for each group and each choice of slots, in this order. *)
Fixpoint check_proofs {A : Type} (check : nat -> list slot -> A -> answer) (kinds : list (nat * list slot)) (proofs : stream A) : answer :=
  match kinds, proofs with
  | [], Done => Accepted
  | [], More _ _ => Refused ProofsGoOn
  | _ :: _, Done => Refused ProofsEnd
  | (a, choice) :: kinds', More p rest =>
      match check a choice p with
      | Accepted => check_proofs check kinds' rest
      | refused => refused
      end
  end.

(** The groups and the choices of slots. *)
Definition box_kinds (C : convolution) (slots : list (list slot)) : list (nat * list slot) :=
  list_prod (seq 0 (groups C)) (choices slots).

Definition check_boxes (C : convolution) (K : domain) (minimum : list Z) (residues : list (list Z))
  (box : list Z) (slots : list (list slot)) (proofs : stream box_proof) : answer :=
  match grid_coverage (mode C) 1 (axes C) box slots minimum residues with
  | Accepted => check_proofs (check_box C K box) (box_kinds C slots) proofs
  | refused => refused
  end.

Open Scope R_scope.

Lemma check_box_injective : forall C K box a choice p, check_box C K box a choice p = Accepted ->
  exists K', column_domain K (box_columns C a box) = Some K' /\
    injective (length (box_columns C a box)) K' (box_layer C a box choice).
Proof.
  intros C K box a choice p H. unfold check_box in H.
  destruct (column_domain K (box_columns C a box)) as [K'|]; [|discriminate]. exists K'. split; [reflexivity|].
  destruct p as [p|blocks|stages].
  - destruct p; cbn [shows_injective] in H; try discriminate H; apply of_rows_accepted, check_rows_sound in H; exact H.
  - apply of_rows_accepted in H. apply (check_blocks_sound _ _ _ _ H).
  - apply (check_stages_sound _ _ _ _ H).
Qed.

Lemma check_proofs_all : forall A (check : nat -> list slot -> A -> answer) kinds proofs, check_proofs check kinds proofs = Accepted ->
  forall a choice, In (a, choice) kinds -> exists p, check a choice p = Accepted.
Proof.
  intros A check. induction kinds as [|[b other] kinds IH]; intros [|p rest] H a choice I; cbn [check_proofs] in H; try discriminate H; [destruct I|].
  destruct (check b other p) eqn:B; [|discriminate]. destruct I as [E|I].
  - injection E as -> ->. exists p. exact B.
  - apply (IH rest H a choice I).
Qed.

Lemma in_box_kinds : forall C slots a choice, In (a, choice) (box_kinds C slots) <-> (a < groups C)%nat /\ In choice (choices slots).
Proof. intros. unfold box_kinds. rewrite in_prod_iff, in_seq. split; intros [A B]; (split; [lia|exact B]). Qed.

(** * The box as a part of the grid *)

Lemma place_read_moved : forall m axes box N p choice tau,
  stops m axes box N p choice -> In tau (choices (map slot_starts choice)) ->
  exists J, Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p))%Z (combine axes N) J /\
    forall u, Forall2 in_range (map taps axes) u ->
      place_read m axes N (start axes J) u = option_map (shifted p) (place_read Zeros axes box tau u) /\
      forall j, place_read Zeros axes box tau u = Some j -> Forall2 in_range box j.
Proof.
  intros m. induction axes as [|a axes IH]; intros [|P box] [|n N] [|q p] [|s choice] tau T I; try contradiction T.
  - exists []. split; [constructor|]. intros u _. destruct I as [<-|[]]. cbn. split; [reflexivity|]. intros j E. injection E as <-. constructor.
  - destruct T as [[Q T] TS]. cbn [map choices] in I. apply in_map_iff in I as ([t tau'] & <- & I). apply in_prod_iff in I as [I1 I2].
    destruct (T t I1) as ((J & W & E) & R). destruct (IH box N p choice tau' TS I2) as (J' & W' & R').
    exists (J :: J'). split; [constructor; assumption|]. intros u U. cbn [map] in U. inversion U as [|? u1 ? u' U1 U2]; subst.
    destruct (R' u' U2) as [A B]. unfold start. cbn [combine map place_read fst snd]. fold (start axes J').
    rewrite E, (R u1 U1), A. destruct (padded Zeros P (t + dilation a * u1)) as [k|] eqn:D; cbn [option_map].
    + destruct (place_read Zeros axes box tau' u') as [j|]; cbn [option_map]; (split; [reflexivity|]); intros i F; [|discriminate].
      injection F as <-. constructor; [|apply B; reflexivity]. unfold padded in D.
      destruct (Z.leb_spec 0 (t + dilation a * u1)), (Z.ltb_spec (t + dilation a * u1) P); cbn [andb] in D; try discriminate D.
      injection D as <-. unfold in_range. lia.
    + split; [reflexivity|]. intros i F. discriminate.
Qed.

Definition moved (p : list Z) (x : picture) : picture := fun i j => x i (shifted p j).

Lemma weighted_values : forall x kernel reads, weighted x kernel reads = total (fun p => Q2R (fst p) * snd p) (combine kernel (map (value_at x) reads)).
Proof. intros. unfold weighted. apply (total_combine _ _ _ (fun k v => Q2R k * v)). Qed.

(** An input that is read through a map of places. *)
Lemma values_moved : forall x (f : list Z -> list Z) first count w,
  map (value_at x) (reads_of first count (map (option_map f) w)) = map (value_at (fun i j => x i (f j))) (reads_of first count w).
Proof.
  intros x f first count w. unfold reads_of. induction (seq first count) as [|i l IH]; [reflexivity|].
  cbn [flat_map]. rewrite !map_app. f_equal; [|exact IH]. rewrite !map_map. apply map_ext. intros [j|]; reflexivity.
Qed.

Section OneBox.

Variable C : convolution.
Variables N box p : list Z.
Variable choice : list slot.
Variable a : nat.
Hypothesis fits : large_enough (mode C) (axes C) N = true.
Hypothesis stopped : stops (mode C) (axes C) box N p choice.
Hypothesis group : (a < groups C)%nat.

Let cols := box_columns C a box.

(** A row of a window of the box is an output of the layer. *)
Lemma box_row_output : forall w q, In w (box_windows C box choice) -> exists J, In J (windows (axes C) N) /\
  forall x, affine (window_row C cols a (reads_in C a w) q) (vector cols (moved p x)) = g C N x a q J.
Proof.
  intros w q W. unfold box_windows in W. apply in_map_iff in W as (tau & <- & T).
  destruct (place_read_moved _ _ _ _ _ _ _ stopped T) as (J & WJ & R).
  exists J. split; [apply in_windows, WJ|]. intro x. rewrite affine_window_row, g_weighted; [f_equal|apply NoDup_columns|].
  - rewrite !weighted_values. f_equal. f_equal. unfold reads_in, moved. rewrite <- values_moved. f_equal. f_equal.
    unfold window_reads. rewrite map_map. apply map_ext_in. intros u U. symmetry. apply R, in_places, U.
  - intros [i j] H. apply in_flat_map in H as (k & S & H). apply in_map_iff in H as (r & E & H).
    apply in_map_iff in H as (u & <- & U). destruct (place_read Zeros (axes C) box tau u) as [q'|] eqn:F; [|discriminate].
    injection E as -> ->. apply in_columns. apply in_seq in S. split; [exact S|].
    apply in_places. apply (R u (proj1 (in_places _ _) U)), F.
Qed.

Lemma known_row_value : forall s c x, In c cols -> affine (Row (spread cols [s] [Some c]) 0%Q) (vector cols x) = Q2R s * at_column x c.
Proof.
  intros s c x I. unfold affine. cbn [normal bias]. rewrite dot_spread; [|apply NoDup_columns|].
  - unfold weighted. cbn. rewrite Q2R_zero. ring.
  - intros d [E|[]]. injection E as <-. exact I.
Qed.

Lemma box_outputs : forall x y, same_outputs C N x y ->
  (forall c, In c cols -> known choice box (snd c) = true -> at_column (moved p x) c = at_column (moved p y) c) ->
  output (box_layer C a box choice) (vector cols (moved p x)) = output (box_layer C a box choice) (vector cols (moved p y)).
Proof.
  intros x y E KN. apply outputs_equal. intros r R. unfold box_layer in R. apply in_app_iff in R as [R|R].
  - apply in_flat_map in R as (q & Q & R). apply in_map_iff in R as (s & <- & R). apply in_map_iff in R as (w & <- & W).
    apply in_seq in Q. destruct (box_row_output w q W) as (J & WJ & G). fold cols. rewrite !G. apply E; [exact group|lia|exact WJ].
  - apply in_flat_map in R as (c & I & R). destruct (known choice box (snd c)) eqn:KC; [|destruct R].
    destruct R as [<-|[<-|[]]]; rewrite !(known_row_value _ c _ I), (KN c I KC); reflexivity.
Qed.

Lemma box_inside : forall K K' x, column_domain K cols = Some K' -> within C N K x -> inside (length cols) K' (vector cols (moved p x)).
Proof.
  intros K K' x D X. apply (inside_columns K cols K' _ D). intros [i j] I. apply in_columns in I as [I J].
  apply (X i (shifted p j)).
  - assert (B := channel_below C a (i - a * inputs C) group ltac:(lia)). lia.
  - apply in_places. apply (stops_range _ _ _ _ _ _ _ stopped). apply in_places, J.
Qed.

End OneBox.

(** Two inputs are the same if they agree in each box that agrees at its known places. *)
Theorem boxes_agree : forall C minimum residues box slots N x y,
  large_enough (mode C) (axes C) minimum = true -> grid_coverage (mode C) 1 (axes C) box slots minimum residues = Accepted ->
  among_many (axes C) minimum residues N ->
  (forall a choice p, In (a, choice) (box_kinds C slots) -> stops (mode C) (axes C) box N p choice ->
    (forall c, In c (box_columns C a box) -> known choice box (snd c) = true -> at_column (moved p x) c = at_column (moved p y) c) ->
    forall c, In c (box_columns C a box) -> at_column (moved p x) c = at_column (moved p y) c) -> same_inputs C N x y.
Proof.
  intros C minimum residues box slots N x y L G A B.
  assert (LN := among_large_enough _ _ _ _ _ L A).
  enough (F : forall z, Forall2 in_range N z -> forall i, (i < in_channels C)%nat -> x i z = y i z).
  { intros i j I J. apply F; [apply in_places, J|exact I]. }
  apply (grid_sweep _ _ _ _ _ _ _ _ LN G A (fun z => forall i, (i < in_channels C)%nat -> x i z = y i z)). intros p choice IC ST KN j J i I.
  destruct (channel_split C i I) as (a & k & GA & KI & ->).
  apply (B a choice p (proj2 (in_box_kinds C slots a choice) (conj GA IC)) ST) with (c := (input_channel C a k, j)).
  - intros [i j'] I' K''. apply in_columns in I' as [I' J']. refine (KN j' (proj1 (in_places _ _) J') K'' i _).
    assert (E := channel_below C a (i - a * inputs C) GA ltac:(lia)). lia.
  - apply in_columns. split; [unfold input_channel; lia|apply in_places, J].
Qed.

Lemma same_at_columns : forall cols x y, same (length cols) (vector cols x) (vector cols y) -> forall c, In c cols -> at_column x c = at_column y c.
Proof.
  intros cols x y S c I. apply (In_nth _ _ (O, [])) in I as (t & T & <-). apply (S t T).
Qed.

(** If boxes cover the grid and their layers are injective, so is the layer. *)
Theorem boxes_injective : forall C K minimum residues box slots N,
  large_enough (mode C) (axes C) minimum = true -> grid_coverage (mode C) 1 (axes C) box slots minimum residues = Accepted ->
  among_many (axes C) minimum residues N ->
  (forall a choice, In (a, choice) (box_kinds C slots) -> exists K', column_domain K (box_columns C a box) = Some K' /\
    injective (length (box_columns C a box)) K' (box_layer C a box choice)) -> injective_at C K N.
Proof.
  intros C K minimum residues box slots N L G A BI x y X Y E.
  apply (boxes_agree C minimum residues box slots N x y L G A). intros a choice p I ST KC.
  destruct (BI a choice I) as (K' & D & INJ). apply in_box_kinds in I as [GA _].
  apply same_at_columns. apply INJ.
  - apply (box_inside C N box p choice a ST GA K K' x D X).
  - apply (box_inside C N box p choice a ST GA K K' y D Y).
  - apply (box_outputs C N box p choice a ST GA x y E KC).
Qed.

Theorem check_boxes_sound : forall C K minimum residues box slots proofs N,
  large_enough (mode C) (axes C) minimum = true -> check_boxes C K minimum residues box slots proofs = Accepted ->
  among_many (axes C) minimum residues N -> injective_at C K N.
Proof.
  intros C K minimum residues box slots proofs N L H A. unfold check_boxes in H.
  destruct (grid_coverage (mode C) 1 (axes C) box slots minimum residues) eqn:G; [|discriminate].
  apply (boxes_injective C K minimum residues box slots N L G A). intros a choice I.
  destruct (check_proofs_all _ _ _ _ H a choice I) as (p & P). apply (check_box_injective _ _ _ _ _ _ P).
Qed.
