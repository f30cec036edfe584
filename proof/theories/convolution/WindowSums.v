(** Rows of windows with real entries: sums over the taps, as products with the values at some columns. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers RealLayers Rows Domains.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled FullSpark WindowPacking.
Import ListNotations.
Open Scope R_scope.

Definition real_weighted (x : picture) (kernel : list R) (reads : list (option column)) : R :=
  total (fun p => fst p * value_at x (snd p)) (combine kernel reads).

(** The entry of a row in a column, and all of them. *)
Definition real_coefficient (c : column) (kernel : list R) (reads : list (option column)) : R :=
  total (fun p => if stands_at c (snd p) then fst p else 0) (combine kernel reads).

Definition real_spread (cols : list column) (kernel : list R) (reads : list (option column)) : list R :=
  map (fun c => real_coefficient c kernel reads) cols.

Lemma window_sum_weighted : forall C L box x a q t, window_sum C L Zeros box x a q t
  = real_weighted x (real_kernel L (output_channel C a q)) (reads_in C a (window_reads Zeros (axes C) box t)).
Proof.
  intros C L box x a q t. unfold window_sum, real_weighted, reads_in.
  rewrite (total_combine _ _ _ (fun k v => k * v) (value_at x)).
  set (C' := Convolution (groups C) (inputs C) (outputs C) (axes C) Zeros (kernels C) (biases C)).
  change (reads_of (a * inputs C) (inputs C) (window_reads Zeros (axes C) box t))
    with (reads_of (a * inputs C') (inputs C') (window_reads (mode C') (axes C') box t)).
  rewrite <- reads_of_flat, <- (total_combine _ _ _ (fun k v => k * v)). apply total_ext. intros [k [i u]] _. reflexivity.
Qed.

Lemma weighted_real : forall x kernel reads, weighted x kernel reads = real_weighted x (map Q2R kernel) reads.
Proof.
  intros x. unfold weighted, real_weighted. induction kernel as [|k kernel IH]; intros [|r reads]; try reflexivity.
  cbn [map combine total fst snd]. rewrite IH. reflexivity.
Qed.

Lemma own_window_sum : forall C box x a q t, window_sum C (own_kernels C) Zeros box x a q t
  = weighted x (kernel_of C a q) (reads_in C a (window_reads Zeros (axes C) box t)).
Proof. intros. rewrite window_sum_weighted, weighted_real. reflexivity. Qed.

Lemma total_times : forall A (s : R) (f : A -> R) l, total (fun a => s * f a) l = s * total f l.
Proof. intros A s f. induction l as [|a l IH]; cbn; [ring|]. rewrite IH. ring. Qed.

(** s x + t y. *)
Definition mixed (s t : R) (x y : picture) : picture := fun i j => s * x i j + t * y i j.

Lemma window_sum_mixed : forall C L m N s t x y a q start,
  window_sum C L m N (mixed s t x y) a q start = s * window_sum C L m N x a q start + t * window_sum C L m N y a q start.
Proof.
  intros. unfold window_sum. rewrite <- !total_times, <- total_plus. apply total_ext. intros [k [i u]] _.
  destruct (place_read m (axes C) N start u); unfold mixed; cbn [value_read]; ring.
Qed.

Lemma at_mixed : forall s t x y c, at_column (mixed s t x y) c = s * at_column x c + t * at_column y c.
Proof. reflexivity. Qed.

Lemma real_dot_map : forall (w : column -> R) x cols, real_dot (map w cols) (vector cols x) =
  total (fun c => w c * at_column x c) cols.
Proof. intros w x. induction cols as [|c cols IH]; [reflexivity|]. cbn [map real_dot total]. rewrite <- IH. reflexivity. Qed.

Theorem real_dot_spread : forall x cols, NoDup cols -> forall kernel reads,
  (forall c, In (Some c) reads -> In c cols) -> real_dot (real_spread cols kernel reads) (vector cols x) =
    real_weighted x kernel reads.
Proof.
  intros x cols N kernel reads H. unfold real_spread. rewrite real_dot_map. unfold real_weighted.
  revert reads H. induction kernel as [|k kernel IH]; intros reads H.
  - rewrite (total_ext _ _ (fun _ => 0)); [apply total_zero|]. intros c _. unfold real_coefficient. cbn. ring.
  - destruct reads as [|r reads].
    + rewrite (total_ext _ _ (fun _ => 0)); [apply total_zero|]. intros c _. unfold real_coefficient. cbn. ring.
    + assert (T : forall c, In (Some c) reads -> In c cols) by (intros c I; apply H; right; exact I).
      cbn [combine total fst snd]. rewrite <- (IH reads T).
      assert (E : forall c, real_coefficient c (k :: kernel) (r :: reads) * at_column x c
        = (if stands_at c r then k * value_at x r else 0) + real_coefficient c kernel reads * at_column x c).
      { intro c. unfold real_coefficient. cbn [combine total fst snd]. destruct r as [d|]; cbn [stands_at value_at]; [|ring].
        destruct (same_column c d) eqn:S; [|ring]. apply same_column_spec in S. subst c. ring. }
      rewrite (total_ext _ _ _ cols (fun c _ => E c)), total_plus. f_equal. destruct r as [d|]; cbn [stands_at value_at].
      * apply total_one; [exact N|]. apply H. left. reflexivity.
      * rewrite total_zero. ring.
Qed.

Lemma coefficient_real : forall c kernel reads, Q2R (coefficient c kernel reads) = real_coefficient c (map Q2R kernel) reads.
Proof.
  intros c. induction kernel as [|k kernel IH]; intros [|[d|] reads]; try apply Q2R_zero.
  - rewrite coefficient_read, IH. reflexivity.
  - cbn [coefficient]. rewrite IH. unfold real_coefficient. cbn [map combine total fst snd stands_at]. ring.
Qed.

(** * Each column is read once *)

Definition somes {A : Type} (l : list (option A)) : list A := flat_map (fun r => match r with Some a => [a] | None => [] end) l.

Lemma in_somes : forall A (l : list (option A)) a, In a (somes l) <-> In (Some a) l.
Proof.
  intros A l a. unfold somes. rewrite in_flat_map. split.
  - intros ([b|] & I & J); [destruct J as [->|[]]; exact I|destruct J].
  - intro I. exists (Some a). split; [exact I|left; reflexivity].
Qed.

Lemma coefficient_none : forall c kernel reads, ~ In (Some c) reads -> real_coefficient c kernel reads = 0.
Proof.
  intros c kernel reads N. unfold real_coefficient. rewrite (total_ext _ _ (fun _ => 0)); [apply total_zero|].
  intros [k r] I. apply in_combine_r in I. cbn [fst snd]. destruct r as [d|]; cbn [stands_at]; [|reflexivity].
  destruct (same_column c d) eqn:S; [|reflexivity]. apply same_column_spec in S. subst d. contradiction.
Qed.

(** So an entry differs no more than a tap. *)
Lemma coefficient_near : forall e c kernel other reads, 0 <= e -> length other = length kernel ->
  (forall j, Rabs (nth j other 0 - nth j kernel 0) <= e) -> NoDup (somes reads) ->
  Rabs (real_coefficient c other reads - real_coefficient c kernel reads) <= e.
Proof.
  intros e c kernel other reads E L H N. revert other reads L H N.
  induction kernel as [|k kernel IH]; intros [|o other] [|r reads] L H N; try discriminate L;
    try (unfold real_coefficient; cbn; rewrite Rminus_0_r, Rabs_R0; exact E).
  assert (N' : NoDup (somes reads)) by (destruct r; cbn in N; [inversion N|]; assumption).
  assert (H0 := H O). cbn [nth] in H0.
  unfold real_coefficient. cbn [combine total fst snd]. fold (real_coefficient c other reads) (real_coefficient c kernel reads).
  destruct (stands_at c r) eqn:S.
  - destruct r as [d|]; [|discriminate S]. apply same_column_spec in S. subst d. cbn in N. inversion N as [|? ? NI _]; subst.
    rewrite !coefficient_none by (rewrite <- in_somes; exact NI). rewrite !Rplus_0_r. exact H0.
  - rewrite !Rplus_0_l. apply (IH other reads ltac:(simpl in L; lia) (fun j => H (Datatypes.S j)) N').
Qed.

Lemma place_read_differs : forall axes box t u u' j, (forall b, In b axes -> sound_axis b = true) ->
  length axes = length box -> length t = length box -> length u = length box -> length u' = length box ->
  place_read Zeros axes box t u = Some j -> place_read Zeros axes box t u' = Some j -> u = u'.
Proof.
  induction axes as [|b axes IH]; intros [|P box] [|t1 t] [|u1 u] [|v1 u'] j S LA LT LU LV H H'; try discriminate; [reflexivity|].
  cbn [place_read] in H, H'. unfold padded in H, H'.
  destruct ((0 <=? t1 + dilation b * u1) && (t1 + dilation b * u1 <? P))%Z; [|discriminate].
  destruct ((0 <=? t1 + dilation b * v1) && (t1 + dilation b * v1 <? P))%Z; [|discriminate].
  destruct (place_read Zeros axes box t u) as [r|] eqn:E; [|discriminate].
  destruct (place_read Zeros axes box t u') as [r'|] eqn:E'; [|discriminate]. injection H as <-. injection H' as D ->.
  f_equal; [|apply (IH box t u u' r (fun c I => S c (or_intror I)) ltac:(auto) ltac:(auto) ltac:(auto) ltac:(auto) E E')].
  assert (SB := S b (or_introl eq_refl)). apply sound_axis_spec in SB as (_ & _ & D0 & _).
  apply Z.mul_reg_l with (dilation b); lia.
Qed.

Lemma somes_app : forall A (l k : list (option A)), somes (l ++ k) = somes l ++ somes k.
Proof. intros. unfold somes. rewrite !flat_map_concat_map, map_app, concat_app. reflexivity. Qed.

Lemma read_once : forall C a box t, forallb sound_axis (axes C) = true -> length (axes C) = length box -> length t = length box ->
  NoDup (somes (reads_in C a (window_reads Zeros (axes C) box t))).
Proof.
  intros C a box t S LA LT. rewrite forallb_forall in S. unfold reads_in, reads_of.
  assert (E : forall (w : list (option (list Z))) (l : list nat), somes (flat_map (fun i => map (option_map (pair i)) w) l) =
    list_prod l (somes w)).
  { intros w. induction l as [|i l IH]; [reflexivity|]. cbn [flat_map list_prod]. rewrite somes_app, IH. f_equal.
    clear. induction w as [|[j|] w IH]; [reflexivity| |exact IH]. cbn. f_equal. exact IH. }
  rewrite E. apply NoDup_prod; [apply seq_NoDup|]. unfold window_reads.
  assert (LP : forall u, In u (places (map taps (axes C))) -> length u = length box).
  { intros u U. rewrite (places_length _ _ U), map_length. exact LA. }
  assert (ND := NoDup_places (map taps (axes C))). revert ND LP. generalize (places (map taps (axes C))) as us.
  induction 1 as [|u us NI ND IH]; intro LP; [constructor|]. cbn [map].
  specialize (IH (fun v V => LP v (or_intror V))). unfold somes. cbn [flat_map].
  fold (somes (map (place_read Zeros (axes C) box t) us)).
  destruct (place_read Zeros (axes C) box t u) as [j|] eqn:R; [|exact IH]. cbn [app]. constructor; [|exact IH].
  intro I. apply in_somes in I. apply in_map_iff in I as (v & V & I). apply NI. replace u with v; [exact I|].
  apply (place_read_differs (axes C) box t v u j S LA LT); auto; apply LP; [right; exact I|left; reflexivity].
Qed.
