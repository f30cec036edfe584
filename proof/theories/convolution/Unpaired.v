(** Rule "unpaired": a group with at most 2 n rows at every size, and a row without a negative multiple. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains Interior.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Boxes Periodic Equations Count.
Import ListNotations.
Open Scope Z_scope.

(** K[o, i, u]: the entry of a kernel at a tap. *)
Definition kernel_entry (C : convolution) (a q i : nat) (u : list Z) : Q :=
  coefficient (i, u) (kernel_of C a q) (map Some (all_taps C)).

(** Whether K_q[v] is a negative multiple of K_r[u], of which the entry in the channel [lead] is not 0. *)
Definition negative_multiple (C : convolution) (a r : nat) (u : list Z) (lead q : nat) (v : list Z) : bool :=
  let top := kernel_entry C a r lead u in
  let factor := kernel_entry C a q lead v in
  (Qnum top * Qnum factor <? 0)
  && forallb (fun i => Qeq_bool (kernel_entry C a q i v * top) (kernel_entry C a r i u * factor)) (seq 0 (inputs C)).

(** The first window whose tap u lies behind the beginning of the grid. *)
Definition first_window (a : axis) (u : Z) : Z := Z.max 0 (- (- (low a - dilation a * u) / stride a)).

(** It is a window of the layer, and its tap lies in the grid. *)
Definition reads_tap (a : axis) (u least : Z) : bool :=
  let J := first_window a u in
  (0 <=? u) && (u <? taps a) && (J <? window_count a least) && (stride a * J - low a + dilation a * u <? least).

Fixpoint reads_taps (axes : list axis) (u minimum : list Z) : bool :=
  match axes, u, minimum with
  | [], [], [] => true
  | a :: axes', k :: u', n :: minimum' => reads_tap a k n && reads_taps axes' u' minimum'
  | _, _, _ => false
  end.

Definition check_unpaired (C : convolution) (K : domain) (minimum : list Z) (a r : nat) (u : list Z) : answer :=
  match K with
  | Space =>
      if Nat.ltb a (groups C) && Nat.ltb r (outputs C) && (is_zeros (mode C) || unpadded (axes C)) then
        let '(rows, places', _) := most_rows (axes C) minimum in
        if Z.of_nat (outputs C) * rows <=? 2 * Z.of_nat (inputs C) * places' then
          if reads_taps (axes C) u minimum then
            match find (fun i => negb (Qnum (kernel_entry C a r i u) =? 0)) (seq 0 (inputs C)) with
            | None => Refused ZeroTap
            | Some lead =>
                if existsb (fun q => existsb (negative_multiple C a r u lead q) (places (map taps (axes C)))) (seq 0 (outputs C))
                then Refused Paired else Accepted
            end
          else Refused NoReader
        else Refused TooManyRows
      else Refused DoesNotFit
  | _ => Refused DoesNotFit
  end.

Open Scope R_scope.

(** * Vectors *)

Definition unit_at (k : nat) (t : R) : point := fun j => if Nat.eqb j k then t else 0.

Lemma inner_unit : forall n w k t, (k < n)%nat -> inner n w (unit_at k t) = w k * t.
Proof.
  induction n as [|n IH]; intros w k t K; [lia|]. cbn [inner]. destruct (Nat.eq_dec k n) as [->|D].
  - rewrite (inner_ext n w _ (times 0 zero_point)).
    + rewrite inner_times. unfold unit_at. rewrite Nat.eqb_refl. ring.
    + intros j J. unfold unit_at, times, zero_point. destruct (Nat.eqb_spec j n); [lia|ring].
  - rewrite IH by lia. unfold unit_at. destruct (Nat.eqb_spec n k); [lia|ring].
Qed.

(** A vector is a multiple of w0, or not orthogonal to something that w0 is orthogonal to. *)
Lemma multiple_or_not : forall n w0 w, nonzero n w0 ->
  (exists t, forall k, (k < n)%nat -> w k = t * w0 k) \/ exists u, inner n w0 u = 0 /\ inner n w u <> 0.
Proof.
  intros n w0 w (k & K & N).
  assert (G : forall m, (m <= n)%nat -> (forall j, (j < m)%nat -> w j * w0 k = w k * w0 j) \/ exists u, inner n w0 u = 0 /\ inner n w u <> 0).
  { induction m as [|m IH]; intro M; [left; intros; lia|]. destruct (IH ltac:(lia)) as [A|A]; [|right; exact A].
    destruct (Req_dec (w m * w0 k) (w k * w0 m)) as [E|E].
    - left. intros j J. destruct (Nat.eq_dec j m) as [->|D]; [exact E|apply A; lia].
    - right. exists (plus (unit_at m (w0 k)) (unit_at k (- w0 m))). rewrite !inner_plus, !inner_unit by lia. split; [ring|lra]. }
  destruct (G n (le_n n)) as [A|A]; [left|right; exact A]. exists (w k / w0 k). intros j J. specialize (A j J). field_simplify_eq; [lra|exact N].
Qed.

(** In the vectors orthogonal to w0 one that none of finitely many vectors is orthogonal to. *)
Lemma generic_orthogonal : forall n w0 (V : list point), (forall w, In w V -> exists u, inner n w0 u = 0 /\ inner n w u <> 0) ->
  exists v, inner n w0 v = 0 /\ forall w, In w V -> inner n w v <> 0.
Proof.
  intros n w0. induction V as [|w V IH]; intro H.
  - exists (times 0 zero_point). split; [rewrite inner_times; ring|intros w []].
  - destruct IH as (v & O & G); [intros u I; apply H; right; exact I|]. destruct (H w (or_introl eq_refl)) as (u & OU & E).
    assert (SM : for_small (fun t => forall f, In f (w :: V) -> inner n f (plus v (times t u)) <> 0)).
    { apply for_small_all. intros f F.
      assert (B : inner n f v <> 0 \/ (inner n f v = 0 /\ inner n f u <> 0)).
      { destruct F as [<-|F]; [|left; apply G, F]. destruct (Req_dec (inner n w v) 0); [right|left]; auto. }
      destruct B as [B|[B1 B2]].
      - destruct (Rtotal_order (inner n f v) 0) as [P|[P|P]]; [|contradiction|].
        + destruct (for_small_below (inner n f v) (inner n f u) (inner n f v / 2)) as (T & T0 & HT); [lra|].
          exists T. split; [exact T0|]. intros t R. rewrite inner_plus, inner_times. destruct (HT t R). lra.
        + destruct (for_small_below (- inner n f v) (- inner n f u) (- inner n f v / 2)) as (T & T0 & HT); [lra|].
          exists T. split; [exact T0|]. intros t R. rewrite inner_plus, inner_times. destruct (HT t R). lra.
      - exists 1. split; [lra|]. intros t R. rewrite inner_plus, inner_times, B1, Rplus_0_l. apply Rmult_integral_contrapositive. split; lra. }
    apply for_small_some in SM as (e & _ & SM). exists (plus v (times e u)). split; [rewrite inner_plus, inner_times, O, OU; ring|exact SM].
Qed.

Lemma inner_scaled_row : forall n w w0 t v, (forall k, (k < n)%nat -> w k = t * w0 k) -> inner n w v = t * inner n w0 v.
Proof. induction n as [|n IH]; intros w w0 t v H; cbn [inner]; [ring|]. rewrite (IH w w0 t v), (H n) by (try lia; intros; apply H; lia). ring. Qed.

Lemma inner_self : forall n w, nonzero n w -> 0 < inner n w w.
Proof.
  assert (NN : forall n w, 0 <= inner n w w) by (induction n as [|n IH]; intro w; cbn [inner]; [lra|assert (0 <= w n * w n) by apply Rle_0_sqr; specialize (IH w); lra]).
  induction n as [|n IH]; intros w (k & K & N); [lia|]. cbn [inner]. assert (S : 0 <= w n * w n) by apply Rle_0_sqr. assert (I := NN n w).
  destruct (Nat.eq_dec k n) as [->|D]; [assert (0 < w n * w n) by (apply Rsqr_pos_lt, N); lra|].
  assert (0 < inner n w w); [|lra]. apply IH. exists k. split; [lia|exact N].
Qed.

Theorem unpaired_collision : forall n (W : list (point * R)) w0 b0, (length W <= 2 * n)%nat -> In (w0, b0) W -> nonzero n w0 ->
  (forall w b t, In (w, b) W -> t < 0 -> ~ forall k, (k < n)%nat -> w k = t * w0 k) ->
  exists x u, nonzero n u /\ forall w b, In (w, b) W -> relu (inner n w x + b) = relu (inner n w (plus x u) + b).
Proof.
  intros n W w0 b0 L I0 NZ NM.
  (* the rows that are no multiples of w0 *)
  assert (SP : exists V, (forall w, In w V -> exists u, inner n w0 u = 0 /\ inner n w u <> 0) /\
    forall w b, In (w, b) W -> In w V \/ exists t, 0 <= t /\ forall k, (k < n)%nat -> w k = t * w0 k).
  { clear L I0. induction W as [|[w b] W IH]; [exists []; split; [intros w []|intros w b []]|].
    destruct IH as (V & V1 & V2); [intros w' b' t I; apply (NM w' b' t); right; exact I|].
    destruct (multiple_or_not n w0 w NZ) as [(t & T)|U].
    - exists V. split; [exact V1|]. intros w' b' [I|I]; [|apply (V2 w' b' I)]. injection I as <- <-. right. exists t. split; [|exact T].
      destruct (Rle_or_lt 0 t) as [G|G]; [exact G|]. exfalso. apply (NM w b t (or_introl eq_refl) G T).
    - exists (w :: V). split; [intros w' [<-|I]; [exact U|apply V1, I]|].
      intros w' b' [I|I]; [injection I as <- <-; left; left; reflexivity|]. destruct (V2 w' b' I); [left; right; assumption|right; assumption]. }
  destruct SP as (V & V1 & V2). destruct (generic_orthogonal n w0 V V1) as (v & O & G).
  assert (S0 := inner_self n w0 NZ).
  (* a little beside the hyperplane nothing else changes *)
  assert (SM : for_small (fun e => forall w, In w V -> (inner n w v < 0 -> inner n w (plus v (times e w0)) < 0 /\ inner n w (plus v (times (- e) w0)) < 0)
    /\ (0 < inner n w v -> 0 < inner n w (plus v (times e w0)) /\ 0 < inner n w (plus v (times (- e) w0))))).
  { apply for_small_all. intros w I. specialize (G w I). destruct (Rtotal_order (inner n w v) 0) as [P|[P|P]]; [|contradiction|].
    - destruct (for_small_and _ _ (for_small_below (inner n w v) (inner n w w0) (inner n w v / 2) ltac:(lra))
        (for_small_below (inner n w v) (- inner n w w0) (inner n w v / 2) ltac:(lra))) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros t R. rewrite !inner_plus, !inner_times. destruct (HT t R) as [[A _] [B _]]. split; [|lra]. intros _. split; lra.
    - destruct (for_small_and _ _ (for_small_below (- inner n w v) (inner n w w0) (- inner n w v / 2) ltac:(lra))
        (for_small_below (- inner n w v) (- inner n w w0) (- inner n w v / 2) ltac:(lra))) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros t R. rewrite !inner_plus, !inner_times. destruct (HT t R) as [[A _] [B _]]. split; [lra|]. intros _. split; lra. }
  apply for_small_some in SM as (e & e0 & SM).
  (* rows positive at v, rows negative at v, and positive multiples *)
  assert (PM : exists P M, (forall w b, In (w, b) W -> (In w P /\ In w V /\ 0 < inner n w v) \/ (In w M /\ In w V /\ inner n w v < 0)
      \/ exists t, 0 <= t /\ forall k, (k < n)%nat -> w k = t * w0 k)
    /\ (length P + length M < length W)%nat).
  { assert (NV : ~ In w0 V) by (intro F; apply (G w0 F), O).
    clear L SM NM V1. 
    assert (GEN : forall W : list (point * R), (forall w b, In (w, b) W -> In w V \/ exists t, 0 <= t /\ forall k, (k < n)%nat -> w k = t * w0 k) ->
      exists P M, (forall w b, In (w, b) W -> (In w P /\ In w V /\ 0 < inner n w v) \/ (In w M /\ In w V /\ inner n w v < 0)
        \/ exists t, 0 <= t /\ forall k, (k < n)%nat -> w k = t * w0 k)
      /\ (length P + length M <= length W)%nat /\ (In (w0, b0) W -> (length P + length M < length W)%nat)).
    { clear W I0 V2. induction W as [|[w b] W IH]; intro V2; [exists [], []; split; [intros w b []|split; [cbn; lia|intros []]]|].
      destruct IH as (P & M & H & LE & LT); [intros w' b' I; apply (V2 w' b'); right; exact I|].
      destruct (V2 w b (or_introl eq_refl)) as [IV|Q].
      - destruct (Rtotal_order (inner n w v) 0) as [S|[S|S]]; [|exfalso; apply (G w IV S)|].
        + exists P, (w :: M). split; [|split; [cbn; lia|]].
          * intros w' b' [I|I]; [injection I as <- <-; right; left; split; [left; reflexivity|split; [exact IV|exact S]]|].
            destruct (H w' b' I) as [H'|[[A B]|H']]; [left; exact H'|right; left; split; [right; exact A|exact B]|right; right; exact H'].
          * intros [I|I]; [injection I as -> _; contradiction|]. specialize (LT I). cbn. lia.
        + exists (w :: P), M. split; [|split; [cbn; lia|]].
          * intros w' b' [I|I]; [injection I as <- <-; left; split; [left; reflexivity|split; [exact IV|exact S]]|].
            destruct (H w' b' I) as [[A B]|H']; [left; split; [right; exact A|exact B]|right; exact H'].
          * intros [I|I]; [injection I as -> _; contradiction|]. specialize (LT I). cbn. lia.
      - exists P, M. split; [|split; [cbn; lia|intros _; cbn; lia]].
        intros w' b' [I|I]; [injection I as <- <-; right; right; exact Q|apply (H w' b' I)]. }
    destruct (GEN W V2) as (P & M & H & _ & LT). exists P, M. split; [exact H|apply LT, I0]. }
  destruct PM as (P & M & H & LT).
  assert (ZERO : forall w t, (forall k, (k < n)%nat -> w k = t * w0 k) -> t = 0 -> forall u, inner n w u = 0).
  { intros w t T -> u. rewrite (inner_scaled_row n w w0 0 u T). ring. }
  destruct (Nat.lt_ge_cases (length P) n) as [A|A].
  - apply (far_collision n W P (plus v (times (- e) w0)) A). intros w b I.
    destruct (H w b I) as [[IP _]|[(_ & IV & N)|(t & T0 & T)]]; [left; exact IP|right; left; apply (SM w IV), N|right].
    destruct (Req_dec t 0) as [Z|Z]; [right; apply (ZERO w t T Z)|left].
    rewrite (inner_scaled_row n w w0 t _ T), inner_plus, inner_times, O. assert (0 < t) by lra. assert (0 < e * inner n w0 w0) by (apply Rmult_lt_0_compat; lra). nra.
  - apply (far_collision n W M (times (-1) (plus v (times e w0)))); [lia|]. intros w b I. rewrite inner_times.
    destruct (H w b I) as [(_ & IV & N)|[[IM _]|(t & T0 & T)]]; [right; left; assert (Q := proj1 (proj2 (SM w IV) N)); lra|left; exact IM|right].
    destruct (Req_dec t 0) as [Z|Z]; [right; apply (ZERO w t T Z)|left].
    rewrite (inner_scaled_row n w w0 t _ T), inner_plus, inner_times, O. assert (0 < t) by lra. assert (0 < e * inner n w0 w0) by (apply Rmult_lt_0_compat; lra). nra.
Qed.

(** * Entries of rows *)

Definition hits (c : column) (r : option column) : bool := match r with Some d => same_column c d | None => false end.

Lemma coefficient_same : forall c d kernel reads reads', map (hits c) reads = map (hits d) reads' ->
  coefficient c kernel reads = coefficient d kernel reads'.
Proof.
  intros c d. induction kernel as [|k kernel IH]; intros reads reads' H; [destruct reads, reads'; reflexivity|].
  destruct reads as [|r reads], reads' as [|r' reads']; try discriminate H; [reflexivity|]. injection H as H1 H2.
  specialize (IH reads reads' H2). destruct r as [e|], r' as [e'|]; cbn [coefficient hits] in *; rewrite ?H1, ?IH, <- ?H1; reflexivity.
Qed.

Lemma coefficient_none : forall c kernel reads, (forall r, In r reads -> hits c r = false) -> Qnum (coefficient c kernel reads) = 0%Z.
Proof.
  intros c. induction kernel as [|k kernel IH]; intros reads H; [destruct reads; reflexivity|].
  destruct reads as [|r reads]; [reflexivity|]. assert (T : forall s, In s reads -> hits c s = false) by (intros s I; apply H; right; exact I).
  specialize (H r (or_introl eq_refl)). destruct r as [d|]; cbn [coefficient hits] in *; [rewrite H|]; apply IH, T.
Qed.

Lemma reads_in_taps : forall C a (f : list Z -> option (list Z)),
  reads_in C a (map f (places (map taps (axes C)))) = map (fun p => option_map (pair (a * inputs C + fst p)%nat) (f (snd p))) (all_taps C).
Proof.
  intros C a f. unfold reads_in, reads_of, all_taps. generalize (a * inputs C)%nat as s. intro s.
  assert (G : forall count from, flat_map (fun i => map (option_map (pair i)) (map f (places (map taps (axes C))))) (seq (s + from) count)
    = map (fun p => option_map (pair (s + fst p)%nat) (f (snd p))) (list_prod (seq from count) (places (map taps (axes C))))).
  { induction count as [|count IH]; intro from; [reflexivity|]. cbn [seq list_prod flat_map].
    rewrite map_app, <- IH, <- Nat.add_succ_r. f_equal. rewrite !map_map. reflexivity. }
  rewrite <- (G (inputs C) O), Nat.add_0_r. reflexivity.
Qed.

(** Along an axis without padding, or with zeros, a tap reads the place where it lies. *)
Lemma padded_plain : forall m a n J u j, sound_axis a = true -> m = Zeros \/ (low a = 0 /\ high a = 0)%Z ->
  (0 <= J < window_count a n)%Z -> (0 <= u < taps a)%Z -> padded m n (stride a * J - low a + dilation a * u) = Some j ->
  j = (stride a * J - low a + dilation a * u)%Z.
Proof.
  intros m a n J u j S T W U R. assert (E : forall x y : Z, Some x = Some y -> x = y) by congruence.
  set (k := (stride a * J - low a + dilation a * u)%Z) in *. unfold padded in R.
  destruct ((0 <=? k) && (k <? n))%Z eqn:B; [symmetry; apply E, R|]. destruct T as [->|[T1 T2]]; [discriminate|]. exfalso.
  apply sound_axis_spec in S as (S1 & S2 & S3 & _).
  assert (W2 : (stride a * J <= n + low a + high a - extent a)%Z).
  { unfold window_count in W. apply Z.le_trans with (stride a * ((n + low a + high a - extent a) / stride a))%Z;
      [apply Z.mul_le_mono_nonneg_l; lia|apply Z.mul_div_le; lia]. }
  assert (0 <= stride a * J)%Z by (apply Z.mul_nonneg_nonneg; lia).
  assert (0 <= dilation a * u <= dilation a * (taps a - 1))%Z by (split; [apply Z.mul_nonneg_nonneg; lia|apply Z.mul_le_mono_nonneg_l; lia]).
  unfold extent in W2. unfold k in B. lia.
Qed.

Lemma read_once : forall m axes N J u v j, large_enough m axes N = true -> is_zeros m || unpadded axes = true ->
  Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p))%Z (combine axes N) J ->
  Forall2 in_range (map taps axes) u -> Forall2 in_range (map taps axes) v ->
  place_read m axes N (start axes J) u = Some j -> place_read m axes N (start axes J) v = Some j -> u = v.
Proof.
  intros m. induction axes as [|a axes IH]; intros [|n N] J u v j L P W U V RU RV; try discriminate L.
  - inversion U; inversion V. reflexivity.
  - cbn [combine map] in W, U, V. inversion W as [|? i ? J' W1 W2]; subst. inversion U as [|? k ? u' U1 U2]; subst. inversion V as [|? k' ? v' V1 V2]; subst.
    cbn [large_enough] in L. apply andb_prop in L as [L L']. apply andb_prop in L as [S L].
    change (start (a :: axes) (i :: J')) with (stride a * i - low a :: start axes J')%Z in *. cbn [place_read] in RU, RV.
    assert (T : m = Zeros \/ (low a = 0 /\ high a = 0)%Z).
    { apply orb_prop in P as [P|P]; [left; destruct m; try discriminate; reflexivity|right]. cbn [unpadded forallb] in P. apply andb_prop in P as [P _]. lia. }
    assert (P' : is_zeros m || unpadded axes = true).
    { apply orb_prop in P as [P|P]; [rewrite P; reflexivity|]. cbn [unpadded forallb] in P. apply andb_prop in P as [_ P].
      unfold unpadded. rewrite P, orb_true_r. reflexivity. }
    destruct (padded m n (stride a * i - low a + dilation a * k)) as [x|] eqn:X; [|discriminate].
    destruct (place_read m axes N (start axes J') u') as [xs|] eqn:XS; [|discriminate]. injection RU as <-.
    destruct (padded m n (stride a * i - low a + dilation a * k')) as [y|] eqn:Y; [|discriminate].
    destruct (place_read m axes N (start axes J') v') as [ys|] eqn:YS; [|discriminate]. injection RV as -> ->.
    apply (padded_plain m a n i k) in X; auto. apply (padded_plain m a n i k') in Y; auto. f_equal.
    + apply sound_axis_spec in S. assert (dilation a * k = dilation a * k')%Z by lia. apply Z.mul_reg_l with (dilation a); lia.
    + apply (IH N J' u' v' xs L' P' W2 U2 V2 XS). exact YS.
Qed.

(** What the row of a window has at a place: the kernel at the tap that reads it, or zeros. *)
Lemma entry_at : forall C N a q J j i, large_enough (mode C) (axes C) N = true -> is_zeros (mode C) || unpadded (axes C) = true ->
  In J (windows (axes C) N) -> forall u, In u (places (map taps (axes C))) -> place_read (mode C) (axes C) N (start (axes C) J) u = Some j ->
  coefficient ((a * inputs C + i)%nat, j) (kernel_of C a q) (reads_at C N a J) = kernel_entry C a q i u.
Proof.
  intros C N a q J j i L P WJ u U R. unfold kernel_entry, reads_at, window_reads. rewrite reads_in_taps. apply coefficient_same.
  rewrite !map_map. apply map_ext_in. intros [i' v] I. unfold all_taps in I. apply in_prod_iff in I as [_ V]. cbn [fst snd hits].
  destruct (place_read (mode C) (axes C) N (start (axes C) J) v) as [j'|] eqn:RV; cbn [option_map hits]; unfold same_column; cbn [fst snd].
  - replace (Nat.eqb (a * inputs C + i) (a * inputs C + i')) with (Nat.eqb i i') by (destruct (Nat.eqb_spec i i'), (Nat.eqb_spec (a * inputs C + i) (a * inputs C + i')); try reflexivity; lia).
    f_equal. destruct (same_place j j') eqn:E, (same_place u v) eqn:F; try reflexivity; exfalso.
    + apply same_place_spec in E. subst j'. assert (T : u = v); [|apply same_place_spec in T; congruence].
      apply (read_once (mode C) (axes C) N J u v j L P); [apply in_windows, WJ|apply in_places, U|apply in_places, V|exact R|exact RV].
    + apply same_place_spec in F. subst v. rewrite R in RV. injection RV as <-. assert (T := proj2 (same_place_spec j j) eq_refl). congruence.
  - destruct (same_place u v) eqn:F; [|reflexivity]. apply same_place_spec in F. subst v. congruence.
Qed.

Lemma entry_nowhere : forall C N a q J j i, (forall u, In u (places (map taps (axes C))) -> place_read (mode C) (axes C) N (start (axes C) J) u <> Some j) ->
  Qnum (coefficient ((a * inputs C + i)%nat, j) (kernel_of C a q) (reads_at C N a J)) = 0%Z.
Proof.
  intros C N a q J j i H. apply coefficient_none. intros r I. unfold reads_at, window_reads in I. rewrite reads_in_taps in I.
  apply in_map_iff in I as ([i' v] & <- & I). unfold all_taps in I. apply in_prod_iff in I as [_ V]. cbn [fst snd].
  specialize (H v V). destruct (place_read (mode C) (axes C) N (start (axes C) J) v) as [j'|]; [|reflexivity].
  cbn [option_map hits]. unfold same_column. cbn [fst snd]. destruct (same_place j j') eqn:E; [|reflexivity]. apply same_place_spec in E. congruence.
Qed.

(** The windows whose tap is read at every size. *)
Lemma reading_window : forall m axes u minimum residues N, large_enough m axes minimum = true -> reads_taps axes u minimum = true ->
  among_many axes minimum residues N -> exists J j, Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p))%Z (combine axes N) J
    /\ Forall2 in_range (map taps axes) u /\ place_read m axes N (start axes J) u = Some j /\ Forall2 in_range N j.
Proof.
  intros m. induction axes as [|a axes IH]; intros [|k u] [|least minimum] [|r residues] [|n N] L R A; try contradiction; try discriminate R; try discriminate L.
  - exists [], []. repeat split; constructor.
  - cbn [reads_taps large_enough] in R, L. apply andb_prop in R as [R R']. apply andb_prop in L as [L L']. apply andb_prop in L as [S L].
    destruct A as (A1 & _ & A). destruct (IH u minimum residues N L' R' A) as (J & j & W & U & P & G).
    set (i := first_window a k) in *. exists (i :: J), ((stride a * i - low a + dilation a * k)%Z :: j).
    unfold reads_tap in R. fold i in R. apply andb_prop in R as [R R4]. apply andb_prop in R as [R R3]. apply andb_prop in R as [R1 R2].
    apply Z.leb_le in R1. apply Z.ltb_lt in R2, R3, R4. apply sound_axis_spec in S as (S1 & S2 & S3 & S4 & S5).
    assert (I0 : (0 <= i)%Z) by (unfold i, first_window; lia).
    assert (B : (low a - dilation a * k <= stride a * i)%Z).
    { assert (Q := ceiling (low a - dilation a * k) (stride a) S2).
      assert (stride a * - (- (low a - dilation a * k) / stride a) <= stride a * i)%Z by (apply Z.mul_le_mono_nonneg_l; unfold i, first_window; lia). lia. }
    assert (M : (window_count a least <= window_count a n)%Z).
    { unfold window_count. apply Z.add_le_mono_r, Z.div_le_mono; lia. }
    assert (IR : (0 <= stride a * i - low a + dilation a * k < n)%Z) by lia.
    cbn [combine map]. split; [constructor; [cbn [fst snd]; lia|exact W]|]. split; [constructor; [unfold in_range; lia|exact U]|]. split.
    + change (start (a :: axes) (i :: J)) with (stride a * i - low a :: start axes J)%Z. cbn [place_read]. rewrite P. unfold padded.
      destruct (Z.leb_spec 0 (stride a * i - low a + dilation a * k)), (Z.ltb_spec (stride a * i - low a + dilation a * k) n); try lia. reflexivity.
    + constructor; [exact IR|exact G].
Qed.

Lemma Q2R_zero_num : forall q, Qnum q = 0%Z -> Q2R q = 0.
Proof. intros q H. unfold Q2R. rewrite H. ring. Qed.

Lemma Q2R_not_zero : forall q, Qnum q <> 0%Z -> Q2R q <> 0.
Proof. intros q H E. apply H. assert (T : Q2R q = Q2R 0) by (rewrite E, Q2R_zero; reflexivity). apply eqR_Qeq in T. unfold Qeq in T. cbn in T. lia. Qed.

Theorem check_unpaired_sound : forall C K minimum residues a r u N,
  large_enough (mode C) (axes C) minimum = true -> check_unpaired C K minimum a r u = Accepted ->
  among_many (axes C) minimum residues N -> collides_at C K N.
Proof.
  intros C K minimum residues a r u N L H A. unfold check_unpaired in H. destruct K; try discriminate H.
  destruct (Nat.ltb a (groups C) && Nat.ltb r (outputs C) && (is_zeros (mode C) || unpadded (axes C))) eqn:B; [|discriminate].
  apply andb_prop in B as [B P]. apply andb_prop in B as [GA GR]. apply Nat.ltb_lt in GA, GR.
  destruct (most_rows (axes C) minimum) as [[rows places'] less] eqn:M.
  destruct (Z.of_nat (outputs C) * rows <=? 2 * Z.of_nat (inputs C) * places')%Z eqn:LE; [|discriminate]. apply Z.leb_le in LE.
  destruct (reads_taps (axes C) u minimum) eqn:RT; [|discriminate].
  destruct (find (fun i => negb (Qnum (kernel_entry C a r i u) =? 0)%Z) (seq 0 (inputs C))) as [lead|] eqn:F; [|discriminate].
  apply find_some in F as [I0 NZ]. apply in_seq in I0. apply negb_true_iff, Z.eqb_neq, Q2R_not_zero in NZ.
  destruct (existsb (fun q => existsb (negative_multiple C a r u lead q) (places (map taps (axes C)))) (seq 0 (outputs C))) eqn:NM; [discriminate|].
  assert (LN := among_large_enough _ _ _ _ _ L A).
  destruct (reading_window (mode C) (axes C) u minimum residues N L RT A) as (J0 & j0 & W0 & U0 & R0 & G0).
  apply in_windows in W0. apply in_places in U0, G0.
  set (cols := columns (a * inputs C) (inputs C) N).
  assert (AT : forall i, (i < inputs C)%nat -> exists k, (k < length cols)%nat /\ forall q J,
    weights_at C N a q J k = Q2R (coefficient ((a * inputs C + i)%nat, j0) (kernel_of C a q) (reads_at C N a J))).
  { intros i I. assert (T : In ((a * inputs C + i)%nat, j0) cols) by (apply in_columns; split; [lia|exact G0]).
    apply (In_nth _ _ (O, [])) in T as (k & KL & KE). exists k. split; [exact KL|]. intros q J. unfold weights_at, entries, spread. fold cols.
    f_equal. set (f := fun c => coefficient c (kernel_of C a q) (reads_at C N a J)).
    rewrite (nth_indep (map f cols) 0%Q (f (O, []))) by (rewrite map_length; exact KL). rewrite (map_nth f). unfold f. f_equal. exact KE. }
  assert (E0 : forall i, coefficient ((a * inputs C + i)%nat, j0) (kernel_of C a r) (reads_at C N a J0) = kernel_entry C a r i u)
    by (intro i; apply entry_at; assumption).
  apply (vectors_collide C N a LN GA).
  apply (unpaired_collision _ (group_rows C N a) (weights_at C N a r J0) (Q2R (bias_of C a r))).
  - destruct (rows_bound _ _ _ _ _ _ _ _ L A M) as (P1 & P2 & P3 & P4 & LE' & _).
    assert (T : (Z.of_nat (length (group_rows C N a)) <= 2 * Z.of_nat (length cols))%Z).
    { rewrite (group_rows_length C N a LN). unfold cols. rewrite (columns_length C N a LN).
      set (p := Z.of_nat (outputs C)) in *. assert (p0 : (0 <= p)%Z) by lia. clearbody p. set (c := Z.of_nat (inputs C)) in *. clearbody c.
      set (x := product_of (counts (axes C) N)) in *. clearbody x. set (y := product_of N) in *. clearbody y.
      apply Z.mul_le_mono_pos_r with places'; [exact P2|].
      assert ((p * x * places' <= y * (p * rows))%Z) by nia. assert ((y * (p * rows) <= y * (2 * c * places'))%Z) by nia. lia. }
    fold cols. lia.
  - apply in_group_rows; assumption.
  - destruct (AT lead ltac:(lia)) as (k & KL & KE). exists k. split; [exact KL|]. rewrite KE, E0. exact NZ.
  - intros w b t I T0 MU. apply in_flat_map in I as (q & Q & I). apply in_map_iff in I as (J & E & WJ). injection E as <- _. apply in_seq in Q.
    assert (EQ : forall i, (i < inputs C)%nat -> Q2R (coefficient ((a * inputs C + i)%nat, j0) (kernel_of C a q) (reads_at C N a J)) = t * Q2R (kernel_entry C a r i u)).
    { intros i I. destruct (AT i I) as (k & KL & KE). rewrite <- (E0 i), <- !KE. apply MU, KL. }
    destruct (in_dec (fun x y : option (list Z) => ltac:(decide equality; apply (list_eq_dec Z.eq_dec))) (Some j0)
      (map (place_read (mode C) (axes C) N (start (axes C) J)) (places (map taps (axes C))))) as [IV|NV].
    + apply in_map_iff in IV as (v & RV & V).
      assert (EV : forall i, (i < inputs C)%nat -> Q2R (kernel_entry C a q i v) = t * Q2R (kernel_entry C a r i u)).
      { intros i I. rewrite <- (EQ i I). f_equal. symmetry. apply entry_at; assumption. }
      assert (TRUE : negative_multiple C a r u lead q v = true).
      { unfold negative_multiple. apply andb_true_intro. split.
        - apply Z.ltb_lt. apply lt_IZR. rewrite mult_IZR.
          assert (D1 : IZR (Qnum (kernel_entry C a r lead u)) = Q2R (kernel_entry C a r lead u) * IZR (Zpos (Qden (kernel_entry C a r lead u)))) by (symmetry; apply radius_square).
          assert (D2 : IZR (Qnum (kernel_entry C a q lead v)) = Q2R (kernel_entry C a q lead v) * IZR (Zpos (Qden (kernel_entry C a q lead v)))) by (symmetry; apply radius_square).
          rewrite D1, D2, (EV lead) by lia. set (z := Q2R (kernel_entry C a r lead u)) in *.
          assert (0 < IZR (Zpos (Qden (kernel_entry C a r lead u)))) by (apply (IZR_lt 0); reflexivity).
          assert (0 < IZR (Zpos (Qden (kernel_entry C a q lead v)))) by (apply (IZR_lt 0); reflexivity).
          assert (0 < z * z) by (apply Rsqr_pos_lt, NZ).
          set (d1 := IZR (Zpos (Qden (kernel_entry C a r lead u)))) in *. set (d2 := IZR (Zpos (Qden (kernel_entry C a q lead v)))) in *.
          replace (z * d1 * (t * z * d2)) with (t * ((z * z) * (d1 * d2))) by ring.
          assert (0 < d1 * d2) by (apply Rmult_lt_0_compat; assumption). assert (0 < (z * z) * (d1 * d2)) by (apply Rmult_lt_0_compat; assumption).
          assert (0 < - t * ((z * z) * (d1 * d2))) by (apply Rmult_lt_0_compat; lra). lra.
        - apply forallb_forall. intros i I. apply in_seq in I. apply Qeq_bool_iff, eqR_Qeq. rewrite !Q2R_mult, (EV i), (EV lead) by lia. ring. }
      assert (FALSE : existsb (fun q => existsb (negative_multiple C a r u lead q) (places (map taps (axes C)))) (seq 0 (outputs C)) = true); [|congruence].
      apply existsb_exists. exists q. split; [apply in_seq; lia|]. apply existsb_exists. exists v. split; [exact V|exact TRUE].
    + specialize (EQ lead ltac:(lia)). rewrite Q2R_zero_num in EQ.
      * symmetry in EQ. apply Rmult_integral in EQ as [EQ|EQ]; [lra|contradiction].
      * apply entry_nowhere. intros v V RV. apply NV. apply in_map_iff. exists v. split; [exact RV|exact V].
Qed.
