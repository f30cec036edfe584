(** Rule "count": a group with too few rows at every size, whatever its weights. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains Interior.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Boxes Equations.
Import ListNotations.
Open Scope Z_scope.

(** There are at most (N + e) / s windows. *)
Definition excess (a : axis) : Z := low a + high a - extent a + stride a.

(** The products of mu_k + max(e_k, 0) and of mu_k s_k, and whether some e_k is negative. *)
Fixpoint most_rows (axes : list axis) (minimum : list Z) : Z * Z * bool :=
  match axes, minimum with
  | a :: axes', n :: minimum' =>
      let '(rows, places, less) := most_rows axes' minimum' in
      ((n + Z.max (excess a) 0) * rows, n * stride a * places, (excess a <? 0) || less)
  | _, _ => (1, 1, false)
  end.

(** The domain has interior points. *)
Definition solid (C : convolution) (K : domain) : bool :=
  match K with
  | Space | Orthant => true
  | Box lower upper =>
      forallb (fun i => Qnum (nth i lower 0%Q) * Zpos (Qden (nth i upper 0%Q)) <? Qnum (nth i upper 0%Q) * Zpos (Qden (nth i lower 0%Q)))
              (seq 0 (in_channels C))
  | _ => false
  end.

Definition twice (K : domain) : Z := match K with Space => 2 | _ => 1 end.

Definition check_count (C : convolution) (K : domain) (minimum : list Z) (group : nat) : answer :=
  if Nat.ltb group (groups C) then
    if solid C K && Nat.ltb 0 (inputs C) then
      let '(rows, places, less) := most_rows (axes C) minimum in
      let found := Z.of_nat (outputs C) * rows in
      let needed := twice K * Z.of_nat (inputs C) * places in
      if (found <? needed) || ((found =? needed) && less) then Accepted else Refused TooManyRows
    else Refused DoesNotFit
  else Refused NoGroup.

(** * Numbers of rows and of inputs *)

Definition product_of (l : list Z) : Z := fold_right Z.mul 1 l.

Lemma length_places : forall size, Forall (fun n => 0 <= n) size -> Z.of_nat (length (places size)) = product_of size.
Proof.
  induction 1 as [|n size N _ IH]; [reflexivity|]. cbn [places product_of fold_right]. fold (product_of size).
  rewrite map_length, prod_length, Nat2Z.inj_mul, IH. unfold below. rewrite map_length, seq_length. rewrite Z2Nat.id by exact N. reflexivity.
Qed.

Definition counts (axes : list axis) (N : list Z) : list Z := map (fun p => window_count (fst p) (snd p)) (combine axes N).

Lemma axis_bound : forall a n mu, 0 < stride a -> 0 < mu <= n -> 1 <= window_count a n ->
  window_count a n * (mu * stride a) <= n * (mu + Z.max (excess a) 0) /\
  (excess a < 0 -> window_count a n * (mu * stride a) < n * (mu + Z.max (excess a) 0)).
Proof.
  intros a n mu S M W. assert (B : window_count a n * stride a <= n + excess a).
  { unfold window_count, excess. assert (D := Z.mul_div_le (n + low a + high a - extent a) (stride a) S). lia. }
  set (m := window_count a n) in *. clearbody m. set (e := excess a) in *. clearbody e.
  replace (m * (mu * stride a)) with (mu * (m * stride a)) by ring. split; [|intro E]; destruct (Z.max_spec e 0) as [[H ->]|[H ->]]; nia.
Qed.

Lemma rows_bound : forall m axes minimum residues N rows places less, large_enough m axes minimum = true ->
  among_many axes minimum residues N -> most_rows axes minimum = (rows, places, less) ->
  0 < product_of (counts axes N) /\ 0 < places /\ 0 < product_of N /\ 0 < rows /\
  product_of (counts axes N) * places <= product_of N * rows /\
  (less = true -> product_of (counts axes N) * places < product_of N * rows).
Proof.
  intros m. induction axes as [|a axes IH]; intros [|mu minimum] [|r residues] [|n N] rows places less L A E; try contradiction; try discriminate L.
  - injection E as <- <- <-. cbn. repeat split; try lia; discriminate.
  - cbn [most_rows] in E. destruct (most_rows axes minimum) as [[rows' places'] less'] eqn:R. injection E as <- <- <-.
    assert (LN := among_large_enough m (a :: axes) (mu :: minimum) (r :: residues) (n :: N) L A).
    apply large_enough_defined in LN. destruct LN as (N1 & W & _). destruct A as (A1 & _ & A).
    cbn [large_enough] in L. apply andb_prop in L as [L L']. apply andb_prop in L as [S L]. apply Z.leb_le in L.
    apply sound_axis_spec in S. unfold least_size in L.
    destruct (IH minimum residues N rows' places' less' L' A R) as (P1 & P2 & P3 & P4 & B & B').
    destruct (axis_bound a n mu ltac:(lia) ltac:(lia) W) as [C C'].
    unfold counts. cbn [combine map fst snd product_of fold_right]. fold (counts axes N) (product_of (counts axes N)) (product_of N).
    set (q := product_of (counts axes N)) in *. clearbody q. set (t := product_of N) in *. clearbody t.
    set (w := window_count a n) in *. clearbody w. set (e := excess a) in *. clearbody e.
    assert (0 < mu * stride a) by nia. assert (0 < mu + Z.max e 0) by lia.
    replace (w * q * (mu * stride a * places')) with ((w * (mu * stride a)) * (q * places')) by ring.
    replace (n * t * ((mu + Z.max e 0) * rows')) with ((n * (mu + Z.max e 0)) * (t * rows')) by ring.
    assert (0 < q * places') by nia. assert (0 < w * (mu * stride a)) by nia.
    repeat (split; [nia|]). intro F. apply orb_prop in F as [F|F].
    + apply Z.ltb_lt in F. specialize (C' F). nia.
    + specialize (B' F). nia.
Qed.

Open Scope R_scope.

(** * Vectors *)

Lemma inner_first : forall n w v, inner (S n) w v = w O * v O + inner n (fun k => w (S k)) (fun k => v (S k)).
Proof. induction n as [|n IH]; intros w v; [cbn; ring|]. cbn [inner] in *. rewrite IH. ring. Qed.

Definition entries (l : list Q) : point := fun k => Q2R (nth k l 0%Q).

Lemma inner_dot : forall l v, inner (length l) (entries l) v = dot l v.
Proof.
  induction l as [|a l IH]; intro v; [reflexivity|]. cbn [length]. rewrite inner_first. cbn [dot]. rewrite <- IH. reflexivity.
Qed.

Lemma zero_or_nonzero : forall n w, (forall k, (k < n)%nat -> w k = 0) \/ nonzero n w.
Proof.
  induction n as [|n IH]; intro w; [left; intros; lia|]. destruct (IH w) as [Z|(k & K & N)].
  - destruct (Req_dec (w n) 0) as [E|E]; [left|right; exists n; split; [lia|exact E]].
    intros k K. destruct (Nat.eq_dec k n) as [->|D]; [exact E|apply Z; lia].
  - right. exists k. split; [lia|exact N].
Qed.

Lemma inner_zero : forall n w v, (forall k, (k < n)%nat -> w k = 0) -> inner n w v = 0.
Proof. induction n as [|n IH]; intros w v Z; [reflexivity|]. cbn [inner]. rewrite IH, (Z n) by (try lia; intros; apply Z; lia). ring. Qed.

(** The rows on which a direction is positive are fewer than n: a point far along it, and a small step. *)
Lemma far_collision : forall n (W : list (point * R)) (P : list point) v, (length P < n)%nat ->
  (forall w b, In (w, b) W -> In w P \/ inner n w v < 0 \/ forall u, inner n w u = 0) ->
  exists x u, nonzero n u /\ forall w b, In (w, b) W -> relu (inner n w x + b) = relu (inner n w (plus x u) + b).
Proof.
  intros n W P v L S. destruct (fewer_equations n P L) as (u & NZ & E).
  assert (T : exists t, forall w b, In (w, b) W -> inner n w v < 0 -> t * inner n w v + b < 0).
  { clear S. induction W as [|[w b] W IH]; [exists 0; intros w b []|]. destruct IH as (t & IH).
    destruct (Rlt_dec (inner n w v) 0) as [N|N].
    - exists (Rmax t ((1 + Rabs b) / - inner n w v)). intros w' b' I N'.
      assert (B : forall s, t <= s -> (1 + Rabs b) / - inner n w v <= s -> s * inner n w' v + b' < 0); [|apply B; [apply Rmax_l|apply Rmax_r]].
      intros s B1 B2. destruct I as [I|I].
      + injection I as <- <-. assert (AB := Rle_abs b). assert (1 + Rabs b <= s * - inner n w v); [|lra].
        apply Rmult_le_reg_r with (/ - inner n w v); [apply Rinv_0_lt_compat; lra|]. rewrite Rmult_assoc, Rinv_r by lra. unfold Rdiv in B2. lra.
      + specialize (IH w' b' I N'). assert (s * inner n w' v <= t * inner n w' v) by nra. lra.
    - exists t. intros w' b' [I|I] N'; [injection I as <- <-; contradiction|apply (IH w' b' I N')]. }
  destruct T as (t & T).
  assert (SM : for_small (fun e => forall p, In p W -> inner n (fst p) v < 0 -> inner n (fst p) (plus (times t v) (times e u)) + snd p < 0)).
  { apply for_small_all. intros [w b] I. cbn [fst snd]. destruct (Rlt_dec (inner n w v) 0) as [N|N].
    - assert (G := T w b I N). destruct (for_small_below (t * inner n w v + b) (inner n w u) ((t * inner n w v + b) / 2)) as (T1 & T0 & HT); [lra|].
      exists T1. split; [exact T0|]. intros e B _. rewrite inner_plus, !inner_times. destruct (HT e B). lra.
    - exists 1. split; [lra|]. intros e _ F. contradiction. }
  apply for_small_some in SM as (e & e0 & SM). exists (times t v), (times e u). split.
  - destruct NZ as (k & K & NZ). exists k. split; [exact K|]. unfold times. apply Rmult_integral_contrapositive. split; lra.
  - intros w b I. destruct (S w b I) as [IP|[N|Z]].
    + rewrite inner_plus, (inner_times n w e u), (E w IP), Rmult_0_r, Rplus_0_r. reflexivity.
    + assert (A := SM (w, b) I N). cbn [fst snd] in A. assert (B := T w b I N). unfold relu. rewrite !Rmax_right; [reflexivity|lra|].
      rewrite inner_times. lra.
    + rewrite !Z. reflexivity.
Qed.

Theorem twice_as_many : forall n (W : list (point * R)), (length W < 2 * n)%nat ->
  exists x u, nonzero n u /\ forall w b, In (w, b) W -> relu (inner n w x + b) = relu (inner n w (plus x u) + b).
Proof.
  intros n W L.
  assert (NZ : exists V, (forall w, In w V -> nonzero n w) /\ forall w b, In (w, b) W -> In w V \/ forall k, (k < n)%nat -> w k = 0).
  { clear L. induction W as [|[w b] W IH]; [exists []; split; [intros w []|intros w b []]|]. destruct IH as (V & V1 & V2).
    destruct (zero_or_nonzero n w) as [Z|Z].
    - exists V. split; [exact V1|]. intros w' b' [I|I]; [injection I as <- <-; right; exact Z|apply (V2 w' b' I)].
    - exists (w :: V). split; [intros w' [<-|I]; [exact Z|apply V1, I]|].
      intros w' b' [I|I]; [injection I as <- <-; left; left; reflexivity|]. destruct (V2 w' b' I); [left; right; assumption|right; assumption]. }
  destruct NZ as (V & V1 & V2). destruct (generic_vector n V V1) as (v & G).
  assert (SP : exists P M, (length P + length M <= length W)%nat /\
    forall w b, In (w, b) W -> (In w P /\ 0 < inner n w v) \/ (In w M /\ inner n w v < 0) \/ forall u, inner n w u = 0).
  { clear L V1. induction W as [|[w b] W IH]; [exists [], []; split; [cbn; lia|intros w b []]|].
    destruct IH as (P & M & LE & IH); [intros w' b' I; apply (V2 w' b'); right; exact I|].
    destruct (V2 w b (or_introl eq_refl)) as [IV|Z].
    - assert (N := G w IV). destruct (Rtotal_order (inner n w v) 0) as [O|[O|O]]; [|contradiction|].
      + exists P, (w :: M). split; [cbn; lia|]. intros w' b' [I|I]; [injection I as <- <-; right; left; split; [left; reflexivity|exact O]|].
        destruct (IH w' b' I) as [H|[[H H']|H]]; [left; exact H|right; left; split; [right; exact H|exact H']|right; right; exact H].
      + exists (w :: P), M. split; [cbn; lia|]. intros w' b' [I|I]; [injection I as <- <-; left; split; [left; reflexivity|exact O]|].
        destruct (IH w' b' I) as [[H H']|H]; [left; split; [right; exact H|exact H']|right; exact H].
    - exists P, M. split; [cbn; lia|]. intros w' b' [I|I]; [|apply (IH w' b' I)].
      injection I as <- <-. right. right. intro u. apply inner_zero, Z. }
  destruct SP as (P & M & LE & SP). destruct (Nat.lt_ge_cases (length P) n) as [A|A].
  - apply (far_collision n W P v A). intros w b I. destruct (SP w b I) as [[H _]|[[_ H]|H]]; auto.
  - apply (far_collision n W M (times (-1) v)); [lia|]. intros w b I. rewrite inner_times.
    destruct (SP w b I) as [[_ H]|[[H _]|H]]; [right; left; lra|left; exact H|right; right; exact H].
Qed.

(** * Inputs *)

Definition moved_by (x : picture) (e : R) (v : picture) : picture := fun i j => x i j + e * v i j.

Lemma weighted_moved_by : forall x e v kernel reads,
  weighted (moved_by x e v) kernel reads = weighted x kernel reads + e * weighted v kernel reads.
Proof.
  intros x e v. unfold weighted. intros kernel reads. induction (combine kernel reads) as [|[k r] l IH]; cbn [total fst snd]; [ring|].
  rewrite IH. destruct r as [[i p]|]; cbn; unfold at_column, moved_by; cbn; ring.
Qed.

Lemma picture_of_outside : forall cols v c, ~ In c cols -> at_column (picture_of cols v) c = 0.
Proof.
  induction cols as [|d cols IH]; intros v c N; [destruct c; reflexivity|]. rewrite picture_of_cons.
  destruct (same_column d c) eqn:E; [apply same_column_spec in E; subst; exfalso; apply N; left; reflexivity|].
  apply IH. intro I. apply N. right. exact I.
Qed.

(** A point inside, from which small steps stay inside. *)
Lemma solid_center : forall C K, solid C K = true -> exists z : nat -> R, forall (cols : list column) (v : picture),
  (forall c, In c cols -> (fst c < in_channels C)%nat) ->
  for_small (fun e => forall c, In c cols -> allowed K (fst c) (z (fst c)) /\ allowed K (fst c) (z (fst c) + e * at_column v c)).
Proof.
  intros C K H. destruct K; try discriminate H.
  - exists (fun _ => 0). intros cols v _. exists 1. split; [lra|]. intros. split; exact I.
  - exists (fun _ => 1). intros cols v _. apply for_small_all. intros c _. cbn [allowed].
    destruct (for_small_below (-1) (- at_column v c) 0 ltac:(lra)) as (T & T0 & HT). exists T. split; [exact T0|].
    intros t B. destruct (HT t B). lra.
  - set (lo := fun i => Q2R (nth i lower 0%Q)). set (hi := fun i => Q2R (nth i upper 0%Q)).
    exists (fun i => (lo i + hi i) / 2). intros cols v IC. apply for_small_all. intros c I. cbn [allowed]. fold (lo (fst c)) (hi (fst c)).
    assert (LH : lo (fst c) < hi (fst c)).
    { cbn [solid] in H. rewrite forallb_forall in H. specialize (H (fst c)). rewrite in_seq in H. specialize (H ltac:(specialize (IC c I); lia)).
      apply Qlt_Rlt. unfold Qlt. apply Z.ltb_lt, H. }
    destruct (for_small_and _ _ (for_small_below ((lo (fst c) + hi (fst c)) / 2) (at_column v c) (hi (fst c)) ltac:(lra))
      (for_small_below (- ((lo (fst c) + hi (fst c)) / 2)) (- at_column v c) (- lo (fst c)) ltac:(lra))) as (T & T0 & HT).
    exists T. split; [exact T0|]. intros t B. destruct (HT t B) as [[A1 _] [A2 _]]. lra.
Qed.

Lemma weighted_outside : forall C cols v a kernel w,
  (forall i p, (a * inputs C <= i < a * inputs C + inputs C)%nat -> ~ In (i, p) cols) ->
  weighted (picture_of cols v) kernel (reads_in C a w) = 0.
Proof.
  intros C cols v a kernel w N. rewrite weighted_values.
  assert (Z : forall r, In r (map (value_at (picture_of cols v)) (reads_in C a w)) -> r = 0).
  { intros r I. apply in_map_iff in I as (c & <- & I). apply in_flat_map in I as (k & S & I). apply in_map_iff in I as (o & <- & _).
    apply in_seq in S. destruct o as [p|]; [|reflexivity]. cbn [option_map value_at]. apply picture_of_outside, N. lia. }
  revert Z. generalize (map (value_at (picture_of cols v)) (reads_in C a w)). induction kernel as [|k kernel IH]; intros [|r l] Z; try reflexivity.
  cbn [combine total fst snd]. rewrite (Z r) by (left; reflexivity). rewrite IH; [ring|]. intros r' I. apply Z. right. exact I.
Qed.

Lemma defined_counts : forall m axes N, defined m axes N ->
  Forall (fun n => 0 <= n)%Z N /\ Forall (fun n => 0 <= n)%Z (counts axes N).
Proof.
  induction axes as [|a axes IH]; intros [|n N] D; try contradiction; [split; constructor|].
  destruct D as (D1 & D2 & _ & D). destruct (IH N D) as [A B]. unfold counts. cbn [combine map fst snd]. split; constructor; try lia; assumption.
Qed.

Section OneGroup.

Variable C : convolution.
Variable N : list Z.
Variable a : nat.
Hypothesis fits : large_enough (mode C) (axes C) N = true.
Hypothesis group : (a < groups C)%nat.

Let cols := columns (a * inputs C) (inputs C) N.
Let n := length cols.

Definition reads_at (J : list Z) : list (option column) := reads_in C a (window_reads (mode C) (axes C) N (start (axes C) J)).
Definition weights_at (q : nat) (J : list Z) : point := entries (spread cols (kernel_of C a q) (reads_at J)).

(** The rows of the group. *)
Definition group_rows : list (point * R) :=
  flat_map (fun q => map (fun J => (weights_at q J, Q2R (bias_of C a q))) (windows (axes C) N)) (seq 0 (outputs C)).

Lemma in_group_rows : forall q J, (q < outputs C)%nat -> In J (windows (axes C) N) -> In (weights_at q J, Q2R (bias_of C a q)) group_rows.
Proof.
  intros q J Q WJ. apply in_flat_map. exists q. split; [apply in_seq; lia|]. apply in_map_iff. exists J. split; [reflexivity|exact WJ].
Qed.

Lemma group_rows_length : Z.of_nat (length group_rows) = (Z.of_nat (outputs C) * product_of (counts (axes C) N))%Z.
Proof.
  assert (L : forall l, length (flat_map (fun q => map (fun J => (weights_at q J, Q2R (bias_of C a q))) (windows (axes C) N)) l)
    = (length l * length (windows (axes C) N))%nat).
  { induction l as [|q l IH]; [reflexivity|]. cbn [flat_map length]. rewrite app_length, map_length, IH. reflexivity. }
  unfold group_rows. rewrite L, seq_length, Nat2Z.inj_mul. f_equal. unfold windows. fold (counts (axes C) N).
  apply length_places. apply (defined_counts (mode C)), large_enough_defined, fits.
Qed.

Lemma columns_length : Z.of_nat n = (Z.of_nat (inputs C) * product_of N)%Z.
Proof.
  assert (E : n = (length (seq (a * inputs C) (inputs C)) * length (places N))%nat) by apply prod_length.
  rewrite E, seq_length, Nat2Z.inj_mul. f_equal.
  apply length_places. apply (defined_counts (mode C) (axes C)), large_enough_defined, fits.
Qed.

Lemma weighted_inner : forall v q J, In J (windows (axes C) N) ->
  weighted (picture_of cols v) (kernel_of C a q) (reads_at J) = inner n (weights_at q J) v.
Proof.
  intros v q J WJ. rewrite <- (dot_spread (picture_of cols v) cols (NoDup_columns _ _ _)).
  - rewrite <- inner_dot. unfold spread at 1. rewrite map_length. apply inner_ext. apply vector_picture_of, NoDup_columns.
  - intros c I. apply (window_reads_columns _ _ _ _ _ _ _ fits WJ I).
Qed.

Lemma moved_outputs : forall x e v b q J, (b < groups C)%nat -> In J (windows (axes C) N) ->
  (b = a -> relu (g C N x a q J) = relu (g C N x a q J + e * inner n (weights_at q J) v)) ->
  relu (g C N x b q J) = relu (g C N (moved_by x e (picture_of cols v)) b q J).
Proof.
  intros x e v b q J B WJ H. rewrite (g_weighted C N (moved_by x e (picture_of cols v))), weighted_moved_by, <- Rplus_assoc, <- g_weighted.
  destruct (Nat.eq_dec b a) as [->|D].
  - rewrite (H eq_refl) at 1. rewrite <- (weighted_inner v q J WJ). reflexivity.
  - fold (reads_in C b (window_reads (mode C) (axes C) N (start (axes C) J))). rewrite weighted_outside; [f_equal; ring|].
    intros i p I F. apply in_columns in F as [F _]. destruct (Nat.lt_trichotomy b a) as [L|[L|L]]; [|contradiction|]; nia.
Qed.

Lemma moved_differs : forall x e v, e <> 0 -> nonzero n v -> ~ same_inputs C N x (moved_by x e (picture_of cols v)).
Proof.
  intros x e v E (k & K & NZ) S. assert (V := vector_picture_of cols (NoDup_columns _ _ _) v k K). unfold vector in V.
  assert (I := nth_In cols (O, []) K). destruct (nth k cols (O, [])) as [i p]. apply in_columns in I as [I P].
  assert (B := channel_below C a (i - a * inputs C) group ltac:(lia)). specialize (S i p ltac:(lia) P). unfold moved_by in S.
  unfold at_column in V. cbn [fst snd] in V. rewrite V in S. apply NZ. apply Rmult_eq_reg_l with e; [lra|exact E].
Qed.

Lemma few_rows_collide : forall K, solid C K = true -> (length group_rows < n)%nat -> collides_at C K N.
Proof.
  intros K S L. destruct (fewer_equations n (map fst group_rows)) as (v & NZ & E); [rewrite map_length; exact L|].
  destruct (solid_center C K S) as (z & Z0). destruct (for_small_some _ (Z0 (layer_columns C N) (picture_of cols v)
    ltac:(intros [i p] I; apply in_columns in I as [I _]; cbn [fst]; lia))) as (e & e0 & IN).
  exists (fun i _ => z i), (moved_by (fun i _ => z i) e (picture_of cols v)). split; [|split; [|split]].
  - intros i j I J. apply (IN (i, j)). apply in_columns. split; [lia|exact J].
  - intros i j I J. apply (IN (i, j)). apply in_columns. split; [lia|exact J].
  - intros b q J B Q WJ. apply moved_outputs; [exact B|exact WJ|]. intros ->. rewrite (E (weights_at q J)); [f_equal; ring|].
    apply in_map_iff. exists (weights_at q J, Q2R (bias_of C a q)). split; [reflexivity|apply in_group_rows; assumption].
  - apply moved_differs; [lra|exact NZ].
Qed.

Lemma vectors_collide : (exists x u, nonzero n u /\ forall w b, In (w, b) group_rows -> relu (inner n w x + b) = relu (inner n w (plus x u) + b)) ->
  collides_at C Space N.
Proof.
  intros (x & u & NZ & E).
  exists (picture_of cols x), (moved_by (picture_of cols x) 1 (picture_of cols u)). split; [intros i j _ _; exact I|].
  split; [intros i j _ _; exact I|]. split; [|apply moved_differs; [lra|exact NZ]].
  intros b q J B Q WJ. apply moved_outputs; [exact B|exact WJ|]. intros ->. rewrite g_weighted.
  fold (reads_in C a (window_reads (mode C) (axes C) N (start (axes C) J))). fold (reads_at J). rewrite (weighted_inner x q J WJ).
  specialize (E _ _ (in_group_rows q J Q WJ)). rewrite inner_plus in E.
  replace (Q2R (bias_of C a q) + inner n (weights_at q J) x) with (inner n (weights_at q J) x + Q2R (bias_of C a q)) by ring.
  rewrite E. f_equal. ring.
Qed.

Lemma few_rows_collide_in_space : (length group_rows < 2 * n)%nat -> collides_at C Space N.
Proof. intro L. apply vectors_collide, twice_as_many, L. Qed.

End OneGroup.

Theorem check_count_sound : forall C K minimum residues group N,
  large_enough (mode C) (axes C) minimum = true -> check_count C K minimum group = Accepted ->
  among_many (axes C) minimum residues N -> collides_at C K N.
Proof.
  intros C K minimum residues group N L H A. unfold check_count in H.
  destruct (Nat.ltb_spec group (groups C)) as [G|]; [|discriminate].
  destruct (solid C K && Nat.ltb 0 (inputs C)) eqn:S; [|discriminate]. apply andb_prop in S as [S I0]. apply Nat.ltb_lt in I0.
  destruct (most_rows (axes C) minimum) as [[rows places'] less] eqn:M.
  destruct (((Z.of_nat (outputs C) * rows <? twice K * Z.of_nat (inputs C) * places')
    || ((Z.of_nat (outputs C) * rows =? twice K * Z.of_nat (inputs C) * places') && less))%Z) eqn:B; [|discriminate].
  destruct (rows_bound _ _ _ _ _ _ _ _ L A M) as (P1 & P2 & P3 & P4 & LE & LT).
  assert (LN := among_large_enough _ _ _ _ _ L A).
  assert (F : (Z.of_nat (length (group_rows C N group)) < twice K * Z.of_nat (length (columns (group * inputs C) (inputs C) N)))%Z).
  { rewrite (group_rows_length C N group LN), (columns_length C N group LN).
    set (p := Z.of_nat (outputs C)) in *. assert (p0 : (0 <= p)%Z) by lia. clearbody p. set (c := Z.of_nat (inputs C)) in *. assert (c0 : (0 < c)%Z) by lia. clearbody c.
    set (x := product_of (counts (axes C) N)) in *. clearbody x. set (y := product_of N) in *. clearbody y.
    set (t := twice K) in *. assert (t0 : (0 < t)%Z) by (unfold t; destruct K; reflexivity). clearbody t. clear M A L LN.
    apply Z.mul_lt_mono_pos_r with places'; [exact P2|].
    assert (E1 : (p * x * places' <= y * (p * rows))%Z) by nia.
    apply orb_prop in B as [B|B].
    - apply Z.ltb_lt in B. assert ((y * (p * rows) < y * (t * c * places'))%Z) by nia. lia.
    - apply andb_prop in B as [B LS]. apply Z.eqb_eq in B. specialize (LT LS).
      assert (0 < t * c * places')%Z by nia. assert (0 < p)%Z by nia.
      assert (E2 : (p * x * places' < y * (p * rows))%Z) by nia. rewrite B in E2. lia. }
  destruct K; try discriminate S; cbn [twice] in F.
  - apply (few_rows_collide_in_space C N group LN G). lia.
  - apply (few_rows_collide C N group LN G _ S). lia.
  - apply (few_rows_collide C N group LN G _ S). lia.
Qed.
