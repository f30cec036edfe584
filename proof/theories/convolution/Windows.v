(** Rows of windows: each tap of a kernel reads one column, or nothing.

    A column is a channel and a place. [columns] lists them in lexicographic order, and [vector] is the input as a point:
    its coordinates are the values at the columns, in this order. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Rows Domains.
From Proof.convolution Require Import Convolutions.
Import ListNotations.
Open Scope Z_scope.

Definition column := (nat * list Z)%type.

Fixpoint same_place (p q : list Z) : bool :=
  match p, q with
  | [], [] => true
  | a :: p', b :: q' => (a =? b) && same_place p' q'
  | _, _ => false
  end.

Definition same_column (c d : column) : bool := same_place (snd c) (snd d) && Nat.eqb (fst c) (fst d).

Definition columns (first count : nat) (size : list Z) : list column := list_prod (seq first count) (places size).

(** The entry of a row in a column: the sum over the taps that read it. *)
Fixpoint coefficient (c : column) (kernel : list Q) (reads : list (option column)) : Q :=
  match kernel, reads with
  | k :: kernel', Some d :: reads' =>
      let rest := coefficient c kernel' reads' in
      if same_column c d then if Qnum rest =? 0 then k else (k + rest)%Q else rest
  | _ :: kernel', None :: reads' => coefficient c kernel' reads'
  | _, _ => 0%Q
  end.

Definition spread (cols : list column) (kernel : list Q) (reads : list (option column)) : list Q :=
  map (fun c => coefficient c kernel reads) cols.

(** What the taps of the channels first, first + 1, ... read, given the places that the taps of a window read. *)
Definition reads_of (first count : nat) (window : list (option (list Z))) : list (option column) :=
  flat_map (fun i => map (option_map (pair i)) window) (seq first count).

Definition kernel_of (C : convolution) (a q : nat) : list Q := nth (output_channel C a q) (kernels C) [].
Definition bias_of (C : convolution) (a q : nat) : Q := nth (output_channel C a q) (biases C) 0%Q.

(** The row of an output channel for what its window reads. *)
Definition window_row (C : convolution) (cols : list column) (a : nat) (reads : list (option column)) (q : nat) : row :=
  Row (spread cols (kernel_of C a q) reads) (bias_of C a q).

(** What the taps of a window read in a grid. *)
Definition window_reads (m : padding_mode) (axes : list axis) (N t : list Z) : list (option (list Z)) :=
  map (place_read m axes N t) (places (map taps axes)).

Open Scope R_scope.

Definition at_column (x : picture) (c : column) : R := x (fst c) (snd c).
Definition vector (cols : list column) (x : picture) : point := fun k => at_column x (nth k cols (O, [])).
Definition value_at (x : picture) (r : option column) : R := match r with Some c => at_column x c | None => 0 end.

(** The sum over the taps of a kernel. *)
Definition weighted (x : picture) (kernel : list Q) (reads : list (option column)) : R :=
  total (fun p => Q2R (fst p) * value_at x (snd p)) (combine kernel reads).

(** * Lists *)

Lemma same_place_spec : forall p q, same_place p q = true <-> p = q.
Proof.
  induction p as [|a p IH]; intros [|b q]; cbn [same_place]; split; intro H; try discriminate; try reflexivity.
  - apply andb_prop in H as [A B]. apply Z.eqb_eq in A. apply IH in B. congruence.
  - injection H as -> ->. rewrite Z.eqb_refl. apply IH. reflexivity.
Qed.

Lemma same_column_spec : forall c d, same_column c d = true <-> c = d.
Proof.
  intros [i p] [j q]. unfold same_column. cbn [fst snd]. split; intro H.
  - apply andb_prop in H as [A B]. apply same_place_spec in A. apply Nat.eqb_eq in B. congruence.
  - injection H as -> ->. rewrite Nat.eqb_refl, andb_true_r. apply same_place_spec. reflexivity.
Qed.

Lemma NoDup_app : forall A (l k : list A), NoDup l -> NoDup k -> (forall a, In a l -> ~ In a k) -> NoDup (l ++ k).
Proof.
  induction l as [|a l IH]; intros k L K D; [exact K|]. inversion L; subst. cbn. constructor.
  - rewrite in_app_iff. intros [F|F]; [contradiction|]. apply (D a); [left; reflexivity|exact F].
  - apply IH; auto. intros b B. apply D. right. exact B.
Qed.

Lemma NoDup_map_injective : forall A B (f : A -> B) l, (forall a b, f a = f b -> a = b) -> NoDup l -> NoDup (map f l).
Proof.
  intros A B f l I. induction 1 as [|a l N _ IH]; cbn; constructor; [|exact IH].
  intro F. apply in_map_iff in F as (b & E & F). apply I in E. subst. contradiction.
Qed.

Lemma NoDup_prod : forall A B (l : list A) (k : list B), NoDup l -> NoDup k -> NoDup (list_prod l k).
Proof.
  intros A B l k L K. induction L as [|a l N _ IH]; cbn; [constructor|]. apply NoDup_app; [|exact IH|].
  - apply NoDup_map_injective; [congruence|exact K].
  - intros [b c] F G. apply in_map_iff in F as (d & E & _). injection E as <- _. apply in_prod_iff in G as [G _]. contradiction.
Qed.

Lemma in_below : forall n z, In z (below n) <-> (0 <= z < n)%Z.
Proof.
  intros n z. unfold below. rewrite in_map_iff. split.
  - intros (k & <- & K). apply in_seq in K. lia.
  - intro H. exists (Z.to_nat z). rewrite in_seq. split; lia.
Qed.

Lemma NoDup_places : forall size, NoDup (places size).
Proof.
  induction size as [|n size IH]; cbn [places]; [constructor; [intros []|constructor]|].
  apply NoDup_map_injective; [intros [a p] [b q] E; cbn in E; congruence|]. apply NoDup_prod; [|exact IH].
  apply NoDup_map_injective; [apply Nat2Z.inj|apply seq_NoDup].
Qed.

(** The k-th index is one of 0, ..., N_k - 1. *)
Definition in_range (n j : Z) : Prop := (0 <= j < n)%Z.

Lemma in_places : forall size p, In p (places size) <-> Forall2 in_range size p.
Proof.
  induction size as [|n size IH]; intro p; cbn [places].
  - split; [intros [<-|[]]; constructor|]. intro F. inversion F. left. reflexivity.
  - rewrite in_map_iff. split.
    + intros ([a q] & <- & I). apply in_prod_iff in I as [A Q]. constructor; [apply in_below, A|apply IH, Q].
    + intro F. inversion F as [|? j ? q R T]; subst. exists (j, q). split; [reflexivity|].
      apply in_prod_iff. split; [apply in_below, R|apply IH, T].
Qed.

Lemma NoDup_columns : forall first count size, NoDup (columns first count size).
Proof. intros. apply NoDup_prod; [apply seq_NoDup|apply NoDup_places]. Qed.

Lemma in_columns : forall first count size i p,
  In (i, p) (columns first count size) <-> (first <= i < first + count)%nat /\ In p (places size).
Proof. intros. unfold columns. rewrite in_prod_iff, in_seq. reflexivity. Qed.

(** * Sums *)

Lemma total_zero : forall A (l : list A), total (fun _ => 0) l = 0.
Proof. induction l as [|a l IH]; cbn; [reflexivity|]. rewrite IH. ring. Qed.

Lemma total_ext : forall A (f h : A -> R) l, (forall a, In a l -> f a = h a) -> total f l = total h l.
Proof.
  induction l as [|a l IH]; intro H; cbn; [reflexivity|]. rewrite H by (left; reflexivity).
  f_equal. apply IH. intros b B. apply H. right. exact B.
Qed.

Lemma total_plus : forall A (f h : A -> R) l, total (fun a => f a + h a) l = total f l + total h l.
Proof. induction l as [|a l IH]; cbn; [ring|]. rewrite IH. ring. Qed.

(** A sum of which one summand is left. *)
Lemma total_one : forall (d : column) (t : R) l, NoDup l -> In d l ->
  total (fun c => if same_column c d then t else 0) l = t.
Proof.
  intros d t l N. induction N as [|c l F _ IH]; intro I; [destruct I|]. cbn [total].
  destruct (same_column c d) eqn:E.
  - apply same_column_spec in E. subst c. rewrite (total_ext _ _ (fun _ => 0)), total_zero; [ring|].
    intros b B. destruct (same_column b d) eqn:G; [|reflexivity]. apply same_column_spec in G. subst. contradiction.
  - rewrite IH; [ring|]. destruct I as [->|I]; [|exact I].
    exfalso. assert (T := proj2 (same_column_spec d d) eq_refl). congruence.
Qed.

Lemma coefficient_read : forall c k kernel d reads,
  Q2R (coefficient c (k :: kernel) (Some d :: reads))
  = (if same_column c d then Q2R k else 0) + Q2R (coefficient c kernel reads).
Proof.
  intros. cbn [coefficient]. destruct (same_column c d); [|ring].
  destruct (Z.eqb_spec (Qnum (coefficient c kernel reads)) 0) as [E|E]; [|apply Q2R_plus].
  replace (Q2R (coefficient c kernel reads)) with 0; [ring|]. unfold Q2R. rewrite E. lra.
Qed.

Lemma dot_map : forall (w : column -> Q) x cols, dot (map w cols) (vector cols x) = total (fun c => Q2R (w c) * at_column x c) cols.
Proof.
  intros w x. induction cols as [|c cols IH]; [reflexivity|]. cbn [map dot total]. rewrite <- IH. reflexivity.
Qed.

Theorem dot_spread : forall x cols, NoDup cols -> forall kernel reads,
  (forall c, In (Some c) reads -> In c cols) -> dot (spread cols kernel reads) (vector cols x) = weighted x kernel reads.
Proof.
  intros x cols N kernel reads H. unfold spread. rewrite dot_map.
  revert reads H. induction kernel as [|k kernel IH]; intros reads H.
  - cbn [weighted combine total]. rewrite (total_ext _ _ (fun _ => 0)); [apply total_zero|].
    intros c _. cbn [coefficient]. rewrite Q2R_zero. ring.
  - destruct reads as [|[d|] reads].
    + cbn. rewrite (total_ext _ _ (fun _ => 0)); [apply total_zero|]. intros c _. rewrite Q2R_zero. ring.
    + assert (D : In d cols) by (apply H; left; reflexivity).
      assert (T : forall c, In (Some c) reads -> In c cols) by (intros c I; apply H; right; exact I).
      unfold weighted. cbn [combine total fst snd value_at]. fold (weighted x kernel reads). rewrite <- (IH reads T).
      rewrite <- (total_one d (Q2R k * at_column x d) cols N D), <- total_plus. apply total_ext. intros c _.
      rewrite coefficient_read. destruct (same_column c d) eqn:E; [|ring]. apply same_column_spec in E. subst c. ring.
    + assert (T : forall c, In (Some c) reads -> In c cols) by (intros c I; apply H; right; exact I).
      unfold weighted. cbn [combine total fst snd value_at]. fold (weighted x kernel reads). rewrite <- (IH reads T).
      cbn [coefficient]. ring.
Qed.

(** * Outputs of the layer *)

Lemma reads_of_flat : forall C N x a t, map (fun p => value_read x (input_channel C a (fst p)) (place_read (mode C) (axes C) N t (snd p))) (all_taps C)
  = map (value_at x) (reads_of (a * inputs C) (inputs C) (window_reads (mode C) (axes C) N t)).
Proof.
  intros C N x a t. unfold all_taps, reads_of, input_channel, window_reads.
  generalize (a * inputs C)%nat as f. intro f.
  assert (G : forall count from,
    map (fun p => value_read x (f + fst p) (place_read (mode C) (axes C) N t (snd p))) (list_prod (seq from count) (places (map taps (axes C))))
    = map (value_at x) (flat_map (fun i => map (option_map (pair i)) (map (place_read (mode C) (axes C) N t) (places (map taps (axes C))))) (seq (f + from) count))).
  { induction count as [|count IH]; intro from; [reflexivity|]. cbn [seq list_prod flat_map].
    rewrite !map_app, IH, <- Nat.add_succ_r. f_equal. rewrite !map_map. apply map_ext. intro u. cbn [fst snd].
    destruct (place_read (mode C) (axes C) N t u); reflexivity. }
  rewrite (G (inputs C) O), Nat.add_0_r. reflexivity.
Qed.

Lemma total_combine : forall A B C (f : A -> C -> R) (h : B -> C) (l : list A) (k : list B),
  total (fun p => f (fst p) (h (snd p))) (combine l k) = total (fun p => f (fst p) (snd p)) (combine l (map h k)).
Proof.
  induction l as [|a l IH]; intros [|b k]; cbn; try reflexivity. f_equal. apply IH.
Qed.

Lemma g_weighted : forall C N x a q J,
  g C N x a q J = Q2R (bias_of C a q)
    + weighted x (kernel_of C a q) (reads_of (a * inputs C) (inputs C) (window_reads (mode C) (axes C) N (start (axes C) J))).
Proof.
  intros. unfold g, weighted, kernel_of, bias_of. f_equal.
  rewrite (total_combine _ _ _ (fun k v => Q2R k * v) (value_at x)), <- reads_of_flat.
  rewrite <- (total_combine _ _ _ (fun k v => Q2R k * v)). apply total_ext. intros [k [i u]] _. reflexivity.
Qed.

(** A window row, at an input, is the output. *)
Lemma affine_window_row : forall C cols x a reads q, NoDup cols -> (forall c, In (Some c) reads -> In c cols) ->
  affine (window_row C cols a reads q) (vector cols x) = Q2R (bias_of C a q) + weighted x (kernel_of C a q) reads.
Proof. intros. unfold affine, window_row. cbn [normal bias]. rewrite dot_spread by assumption. ring. Qed.

(** * Domains *)

(** The bounds of each channel hold at each of its columns; None for a domain that convolutions do not have. *)
Definition column_domain (K : domain) (cols : list column) : option domain :=
  match K with
  | Space => Some Space
  | Orthant => Some Orthant
  | Box lower upper =>
      Some (Box (map (fun c => nth (fst c) lower 0%Q) cols) (map (fun c => nth (fst c) upper 0%Q) cols))
  | _ => None
  end.

Lemma nth_channels : forall bounds cols k, (k < length cols)%nat ->
  nth k (map (fun c : column => nth (fst c) bounds 0%Q) cols) 0%Q = nth (fst (nth k cols (O, []))) bounds 0%Q.
Proof.
  intros bounds cols k L. rewrite (nth_indep _ 0%Q (nth (fst (O, @nil Z)) bounds 0%Q)) by (rewrite map_length; exact L).
  apply (map_nth (fun c : column => nth (fst c) bounds 0%Q)).
Qed.

Lemma inside_columns : forall K cols K' x, column_domain K cols = Some K' ->
  (inside (length cols) K' (vector cols x) <-> forall c, In c cols -> allowed K (fst c) (at_column x c)).
Proof.
  intros K cols K' x H.
  assert (N : forall P : column -> Prop, (forall k, (k < length cols)%nat -> P (nth k cols (O, []))) <-> forall c, In c cols -> P c).
  { intro P. split; intro A.
    - intros c I. apply (In_nth _ _ (O, [])) in I as (k & L & <-). apply A, L.
    - intros k L. apply A, nth_In, L. }
  destruct K; try discriminate H; injection H as <-; cbn [inside allowed].
  - split; auto.
  - rewrite <- N. split; intros A k L; apply (A k L).
  - rewrite <- N. split; intros A k L; specialize (A k L); rewrite ?nth_channels in * by exact L; exact A.
Qed.

(** * From a vector to an input *)

(** The input with these values at the columns. *)
Definition picture_of (cols : list column) (v : point) : picture :=
  fun i p => (fix find (cols : list column) (v : point) : R :=
    match cols with
    | [] => 0
    | c :: cols' => if same_column c (i, p) then v O else find cols' (fun k => v (S k))
    end) cols v.

Lemma picture_of_cons : forall c cols v d,
  at_column (picture_of (c :: cols) v) d = if same_column c d then v O else at_column (picture_of cols (fun k => v (S k))) d.
Proof. intros c cols v [i p]. reflexivity. Qed.

Lemma vector_picture_of : forall cols, NoDup cols -> forall v, same (length cols) (vector cols (picture_of cols v)) v.
Proof.
  intros cols N. induction N as [|c cols F _ IH]; intros v k L; [inversion L|]. unfold vector. rewrite picture_of_cons.
  destruct k as [|k]; cbn [nth].
  - rewrite (proj2 (same_column_spec c c) eq_refl). reflexivity.
  - destruct (same_column c (nth k cols (O, []))) eqn:E.
    + exfalso. apply same_column_spec in E. apply F. rewrite E. apply nth_In. cbn in L. lia.
    + apply (IH (fun k => v (S k)) k). cbn in L. lia.
Qed.

Lemma dot_ext : forall w x y, (forall j, (j < length w)%nat -> x j = y j) -> dot w x = dot w y.
Proof.
  induction w as [|a w IH]; intros x y H; [reflexivity|]. cbn [dot]. rewrite (H O) by (cbn; lia). f_equal.
  apply IH. intros j J. apply H. cbn. lia.
Qed.

Lemma affine_ext : forall r x y, same (length (normal r)) x y -> affine r x = affine r y.
Proof. intros r x y H. unfold affine. rewrite (dot_ext _ x y H). reflexivity. Qed.

Lemma inside_same : forall cols K K' x y, column_domain K cols = Some K' -> same (length cols) x y ->
  inside (length cols) K' x -> inside (length cols) K' y.
Proof.
  intros cols K K' x y H S X. destruct K; try discriminate H; injection H as <-; cbn [inside] in *; [exact I| |];
    intros k L; rewrite <- (S k L); apply (X k L).
Qed.
