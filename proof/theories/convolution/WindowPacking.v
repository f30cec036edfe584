(** Rule "packing" inside "boxes": disjoint refuters among the windows of a box, each with a column of its own that is not
    known and that all its windows read. With epsilon see WindowsNearby.v. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia FMapPositive.
From Proof Require Import Layers Streams Integers Rows Domains Interior Elimination Tables Combinations Pairs OneLayer.
From Proof.rules Require Import Blocks PackingNearby.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering FullSpark Boxes Matching.
Import ListNotations.
Open Scope Z_scope.

(** A row of a window: its output channel, where the window starts, what its taps read, and the marks of these columns. *)
Record placed := Placed { channel : nat; begins : list Z; reading : list (option column); marks : list bool }.

Definition row_of (p : placed) : nat * list Z := (channel p, begins p).

Definition stands_at (c : column) (r : option column) : bool := match r with Some d => same_column c d | None => false end.
Definition marks_of (cols : list column) (reads : list (option column)) : list bool :=
  map (fun c => existsb (stands_at c) reads) cols.

(** The rows of windows of the box layer, in its order. *)
Definition placed_windows (C : convolution) (a : nat) (box : list Z) (choice : list slot) : list placed :=
  let place q tau :=
    let reads := reads_in C a (window_reads Zeros (axes C) box tau) in Placed q tau reads (marks_of (box_columns C a box) reads) in
  let first := map (place O) (choices (map slot_starts choice)) in
  flat_map (fun q => map (fun p => Placed q (begins p) (reading p) (marks p)) first) (seq 0 (outputs C)).

(** The windows of a refuter, none of them used already. *)
Fixpoint windows_named (ws : table placed) (used : Z) (support : list term) : outcome (list placed * Z) :=
  match support with
  | [] => Good ([], used)
  | t :: support' =>
      match entry ws (row_number t) with
      | None => Bad (NotOfWindow (row_number t))
      | Some w =>
          if member used (row_number t) then Bad (RowUsed (row_number t))
          else
            match windows_named ws (with_member used (row_number t)) support' with
            | Good (rest, used') => Good (w :: rest, used')
            | Bad why => Bad why
            end
      end
  end.

(** The windows of all refuters, and which of these last. *)
Fixpoint windows_of_refuters {A : Type} (m : Z) (K : integer_domain) (functions : table integer_row) (ws : table placed)
  (lasts : list placed -> A -> bool) (refuters : stream (list (Z * Z) * A)) (used : Z) : outcome (list (bool * list placed)) :=
  match refuters with
  | Done => Good []
  | More (pairs, shown) rest =>
      match support_of_refuter m K functions pairs with
      | Bad why => Bad why
      | Good support =>
          match windows_named ws used support with
          | Bad why => Bad why
          | Good (named, used') =>
              let kept := lasts named shown in
              match windows_of_refuters m K functions ws lasts rest used' with
              | Good others => Good ((kept, named) :: others)
              | Bad why => Bad why
              end
          end
      end
  end.

(** Whether starts differ along one axis at most. *)
Definition one_axis (dimension : nat) (starts : list (list Z)) : bool :=
  match starts with
  | [] => true
  | s :: rest =>
      match filter (fun l => negb (forallb (fun t => nth l t 0 =? nth l s 0) rest)) (seq 0 dimension) with
      | [] | [_] => true
      | _ => false
      end
  end.

Fixpoint both (a b : list bool) : list bool :=
  match a, b with
  | p :: a', q :: b' => (p && q) :: both a' b'
  | _, _ => []
  end.

(** The columns that are not known and that all windows read. *)
Definition common (unknown : list bool) (ws : list placed) : list Z :=
  numbers_of 0 (fold_right (fun w l => both (marks w) l) unknown ws).

(** * With epsilon *)

(** The columns that some of the windows read, and their rows in these. *)
Definition within_reach (cols : list column) (ws : list placed) : list column :=
  cut (fold_right (fun w l => either (marks w) l) (repeat false (length cols)) ws) cols.

Definition rows_within (C : convolution) (a : nat) (cols : list column) (ws : list placed) : option (list integer_row) :=
  let near := within_reach cols ws in
  integer_rows (length near) 0 (map (fun w => window_row C near a (reading w) (channel w)) ws).

Definition any_bias (C : convolution) : bool := existsb (fun b => negb (Qnum b =? 0)) (biases C).

Definition windows_bear (C : convolution) (a : nat) (cols : list column) (epsilon : Q) (ws : list placed)
  (s : delayed scaling) : bool :=
  match rows_within C a cols ws with
  | Some rows => bears (length (within_reach cols ws)) (any_bias C) epsilon (map (Term 0 1) rows) (force s)
  | None => false
  end.

Definition lasting (C : convolution) (a : nat) (cols : list column) (epsilon : option Q) (ws : list placed)
  (s : delayed scaling) : bool :=
  match epsilon with Some e => windows_bear C a cols e ws s | None => true end.

(** * The rule *)

Fixpoint increasing (l : list Z) : bool :=
  match l with
  | a :: (b :: _) as rest => (a <? b) && increasing rest
  | _ => true
  end.

(** An epsilon is for R^n only; the rest is so in every document. *)
Definition packing_fits (C : convolution) (K : domain) (box : list Z) (choice : list slot) (epsilon : option Q) : bool :=
  match epsilon, K with Some _, Space | None, _ => true | _, _ => false end
  && forallb sound_axis (axes C) && Nat.eqb (length (axes C)) (length box) && Nat.eqb (length choice) (length box)
  && forallb (fun s => increasing (slot_starts s)) choice.

Definition check_window_packing (C : convolution) (K : domain) (a : nat) (box : list Z) (choice : list slot)
  (epsilon : option Q) (refuters : stream (list (Z * Z) * delayed scaling)) : outcome unit :=
  let cols := box_columns C a box in
  match prepared (length cols) K (box_layer C a box choice) with
  | Bad why => Bad why
  | Good (IK, rows) =>
      if packing_fits C K box choice epsilon then
        let of_layer := with_entries no_entries rows in
        let functions := with_entries of_layer (halfspaces IK) in
        let ws := with_entries no_entries (placed_windows C a box choice) in
        match windows_of_refuters (size of_layer) IK functions ws (lasting C a cols epsilon) refuters 0 with
        | Bad why => Bad why
        | Good found =>
            if one_axis (length choice) (map begins (flat_map snd found)) then
              let unknown := map (fun c => negb (known choice box (snd c))) cols in
              let sets := map (fun f => common unknown (snd f)) (filter fst found) in
              let owner := owners_of sets in
              let wanted := numbers_of 0 unknown in
              if all_owned (with_entries no_entries sets) owner 0 wanted then Good tt
              else Bad (TooFewOwn (Z.of_nat (PositiveMap.cardinal owner)) (Z.of_nat (length wanted)))
            else Bad StartsApart
        end
      else Bad WrongDomain
  end.

(** * Windows *)

Lemma increasing_NoDup : forall l, increasing l = true -> NoDup l.
Proof.
  intros l H. assert (G : NoDup l /\ forall a r, l = a :: r -> forall b, In b r -> a < b); [|apply G].
  induction l as [|a l IH]; [split; [constructor|discriminate]|].
  destruct l as [|b l].
  - split; [constructor; [intros []|constructor]|]. intros c r E d D. injection E as <- <-. destruct D.
  - cbn [increasing] in H. apply andb_prop in H as [L H]. apply Z.ltb_lt in L. destruct (IH H) as [N M].
    assert (B : forall d, In d (b :: l) -> a < d).
    { intros d [<-|D]; [exact L|]. specialize (M b l eq_refl d D). lia. }
    split; [|intros c r E; injection E as <- <-; exact B]. constructor; [|exact N]. intro F. specialize (B a F). lia.
Qed.

Lemma NoDup_choices : forall A (lists : list (list A)), (forall l, In l lists -> NoDup l) -> NoDup (choices lists).
Proof.
  intros A. induction lists as [|l lists IH]; intro H; cbn [choices]; [constructor; [intros []|constructor]|].
  apply NoDup_map_injective; [intros [a p] [b q] E; cbn in E; congruence|]. apply NoDup_prod; [apply H; left; reflexivity|].
  apply IH. intros k K. apply H. right. exact K.
Qed.

Lemma choices_length : forall A (lists : list (list A)) c, In c (choices lists) -> length c = length lists.
Proof.
  intros A. induction lists as [|l lists IH]; intros c C; cbn [choices] in C; [destruct C as [<-|[]]; reflexivity|].
  apply in_map_iff in C as ([a r] & <- & C). apply in_prod_iff in C as [_ C]. cbn. f_equal. apply IH, C.
Qed.

Definition starts_of (choice : list slot) : list (list Z) := choices (map slot_starts choice).

Definition place_window (C : convolution) (a : nat) (box : list Z) (q : nat) (tau : list Z) : placed :=
  let reads := reads_in C a (window_reads Zeros (axes C) box tau) in Placed q tau reads (marks_of (box_columns C a box) reads).

Lemma placed_windows_eq : forall C a box choice,
  placed_windows C a box choice = flat_map (fun q => map (place_window C a box q) (starts_of choice)) (seq 0 (outputs C)).
Proof.
  intros. unfold placed_windows. rewrite !flat_map_concat_map. f_equal. apply map_ext. intro q. rewrite map_map. reflexivity.
Qed.

Lemma placed_in : forall C a box choice w, In w (placed_windows C a box choice) ->
  w = place_window C a box (channel w) (begins w) /\ window_of C choice (row_of w).
Proof.
  intros C a box choice w W. rewrite placed_windows_eq in W. apply in_flat_map in W as (q & Q & W).
  apply in_map_iff in W as (tau & <- & T). split; [reflexivity|]. apply in_seq in Q. split; [cbn; lia|exact T].
Qed.

Lemma placed_NoDup : forall C a box choice, forallb (fun s => increasing (slot_starts s)) choice = true ->
  NoDup (map row_of (placed_windows C a box choice)).
Proof.
  intros C a box choice H. rewrite forallb_forall in H.
  assert (E : map row_of (placed_windows C a box choice) = list_prod (seq 0 (outputs C)) (starts_of choice)).
  { rewrite placed_windows_eq. induction (seq 0 (outputs C)) as [|q l IH]; [reflexivity|].
    cbn [flat_map list_prod]. rewrite map_app, IH, map_map. reflexivity. }
  rewrite E. apply NoDup_prod; [apply seq_NoDup|]. apply NoDup_choices. intros l L.
  apply in_map_iff in L as (s & <- & S). apply increasing_NoDup, H, S.
Qed.

(** The box layer begins with the rows of these windows. *)
Lemma box_layer_eq : forall C a box choice, exists others,
  box_layer C a box choice =
    map (fun w => window_row C (box_columns C a box) a (reading w) (channel w)) (placed_windows C a box choice) ++ others.
Proof.
  intros. eexists. unfold box_layer. apply f_equal2; [|reflexivity]. rewrite placed_windows_eq. unfold box_windows.
  fold (starts_of choice).
  induction (seq 0 (outputs C)) as [|q l IH]; [reflexivity|]. cbn [flat_map]. rewrite map_app, IH, !map_map. reflexivity.
Qed.

(** What the taps of a window read lies in the box. *)
Lemma place_read_box : forall axes box t u j, length axes = length box -> length t = length box -> length u = length box ->
  place_read Zeros axes box t u = Some j -> Forall2 in_range box j.
Proof.
  induction axes as [|a axes IH]; intros [|P box] [|t1 t] [|u1 u] j LA LT LU H; try discriminate; cbn [place_read] in H.
  - injection H as <-. constructor.
  - destruct (padded Zeros P (t1 + dilation a * u1)) as [k|] eqn:D; [|discriminate].
    destruct (place_read Zeros axes box t u) as [rest|] eqn:E; [|discriminate]. injection H as <-.
    constructor; [|apply (IH box t u rest); auto]. unfold padded in D.
    destruct (Z.leb_spec 0 (t1 + dilation a * u1)), (Z.ltb_spec (t1 + dilation a * u1) P); cbn [andb] in D; try discriminate D.
    injection D as <-. unfold in_range. lia.
Qed.

Lemma Forall2_lengths : forall A B (P : A -> B -> Prop) l k, Forall2 P l k -> length l = length k.
Proof. induction 1; cbn; congruence. Qed.

Lemma places_length : forall size p, In p (places size) -> length p = length size.
Proof. intros size p H. apply in_places in H. symmetry. apply (Forall2_lengths _ _ _ _ _ H). Qed.

Lemma reading_spec : forall C a box tau c, length (axes C) = length box -> length tau = length box ->
  In (Some c) (reads_in C a (window_reads Zeros (axes C) box tau)) ->
  In c (box_columns C a box) /\ exists u, In u (places (map taps (axes C))) /\ place_read Zeros (axes C) box tau u = Some (snd c).
Proof.
  intros C a box tau [i j] LA LT H. apply in_flat_map in H as (k & K & H). apply in_map_iff in H as (r & E & H).
  apply in_map_iff in H as (u & <- & U). destruct (place_read Zeros (axes C) box tau u) as [p|] eqn:P; [|discriminate].
  injection E as -> ->. split; [|exists u; auto]. apply in_columns. apply in_seq in K. split; [exact K|].
  apply in_places, (place_read_box (axes C) box tau u); auto. rewrite (places_length _ _ U), map_length. exact LA.
Qed.
