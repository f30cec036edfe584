(** Rule "geometric": an input at which too few rows of a group are not negative. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Integers Rows Domains Interior.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled Covering Boxes Periodic Equations Count Unpaired.
Import ListNotations.
Open Scope Z_scope.

Fixpoint power (q : Q) (n : nat) : Q := match n with O => 1%Q | S k => (q * power q k)%Q end.

(** rho^floor(j / q), multiplied over the axes. *)
Fixpoint growth (factor : list Q) (period j : list Z) : Q :=
  match factor, period, j with
  | rho :: factor', q :: period', k :: j' =>
      let rest := growth factor' period' j' in
      if k <? q then rest else (power rho (Z.to_nat (k / q)) * rest)%Q
  | _, _, _ => 1%Q
  end.

(** X[i, j], for the channel i of the group. *)
Definition grown (C : convolution) (factor : list Q) (period : list Z) (x : list Q) (i : nat) (j : list Z) : Q :=
  (coefficient (i, wrapped period j) x (map Some (columns 0 (inputs C) period)) * growth factor period j)%Q.

(** D u, axis by axis. *)
Definition dilated (axes : list axis) (u : list Z) : list Z := map (fun p => dilation (fst p) * snd p) (combine axes u).

Fixpoint sum_of (terms : list (Q * Q)) : Q :=
  match terms with
  | [] => 0%Q
  | (k, v) :: rest => if Qnum k =? 0 then sum_of rest else (k * v + sum_of rest)%Q
  end.

(** What a window at the phase sees, for each tap. *)
Definition seen_at (C : convolution) (factor : list Q) (period : list Z) (x : list Q) (psi : list Z) : list Q :=
  map (fun p => grown C factor period x (fst p) (shifted psi (dilated (axes C) (snd p)))) (all_taps C).

(** Whether an output is negative at all windows with the phase. *)
Definition shown_negative (C : convolution) (a : nat) (seen : list Q) (q : nat) : bool :=
  (Qnum (bias_of C a q) <=? 0) && (Qnum (sum_of (combine (kernel_of C a q) seen)) <? 0).

Definition not_negative (C : convolution) (a : nat) (seen : list Q) : list nat :=
  filter (fun q => negb (shown_negative C a seen q)) (seq 0 (outputs C)).

Definition all_inputs (C : convolution) : Z := Z.of_nat (inputs C) * fold_right Z.mul 1 (map stride (axes C)).
Definition overlap (axes : list axis) : bool := existsb (fun a => stride a <? extent a) axes.

Definition positive_input (C : convolution) (K : domain) (factor : list Q) (period : list Z) (x : list Q) : bool :=
  match K with
  | Space => true
  | Orthant => forallb (fun c => 0 <? Qnum (coefficient c x (map Some (columns 0 (inputs C) period)))) (columns 0 (inputs C) period)
  | _ => false
  end.

Definition few_enough (C : convolution) (found : nat) : bool :=
  (Z.of_nat found <? all_inputs C) || ((Z.of_nat found =? all_inputs C) && overlap (axes C)).

Definition check_geometric (C : convolution) (K : domain) (minimum : list Z) (a : nat) (period : list Z) (factor x : list Q) : answer :=
  if Nat.ltb a (groups C) && Nat.ltb 0 (inputs C) && unpadded (axes C) && forallb (fun q => 0 <? q) period
     && Nat.eqb (length period) (length (axes C)) && forallb (fun rho => 0 <? Qnum rho) factor
     && positive_input C K factor period x && forallb (fun b => stride b <=? extent b) (axes C) then
    if forallb (fun psi => few_enough C (length (not_negative C a (seen_at C factor period x psi)))) (places period)
    then Accepted else Refused TooManyRows
  else Refused DoesNotFit.

Open Scope R_scope.

Lemma Q2R_one : Q2R 1 = 1.
Proof. unfold Q2R. cbn. lra. Qed.

Lemma power_pow : forall q n, Q2R (power q n) = Q2R q ^ n.
Proof. induction n as [|n IH]; cbn [power pow]; [apply Q2R_one|]. rewrite Q2R_mult, IH. reflexivity. Qed.

Lemma Q2R_positive : forall q, (0 <? Qnum q)%Z = true -> 0 < Q2R q.
Proof. exact positive_radius. Qed.

Lemma growth_cons : forall rho factor q period k j, (0 < q)%Z -> (0 <= k)%Z ->
  Q2R (growth (rho :: factor) (q :: period) (k :: j)) = Q2R rho ^ Z.to_nat (k / q) * Q2R (growth factor period j).
Proof.
  intros rho factor q period k j Q K. cbn [growth]. destruct (Z.ltb_spec k q) as [L|L].
  - rewrite Z.div_small by lia. cbn. ring.
  - rewrite Q2R_mult, power_pow. reflexivity.
Qed.

Lemma growth_positive : forall factor period j, forallb (fun rho => 0 <? Qnum rho)%Z factor = true -> 0 < Q2R (growth factor period j).
Proof.
  induction factor as [|rho factor IH]; intros [|q period] [|k j] F; cbn [growth]; try (rewrite Q2R_one; lra).
  cbn [forallb] in F. apply andb_prop in F as [A B]. specialize (IH period j B). destruct (k <? q)%Z; [exact IH|].
  rewrite Q2R_mult, power_pow. apply Rmult_lt_0_compat; [apply pow_lt, Q2R_positive, A|exact IH].
Qed.

Definition nonnegatives (l : list Z) : Prop := Forall (fun k => 0 <= k)%Z l.

(** One period later the input is multiplied by the factor. *)
Lemma growth_shift : forall factor period t d, Forall (fun q => 0 < q)%Z period -> nonnegatives t -> nonnegatives d ->
  length t = length period -> length d = length period ->
  Q2R (growth factor period (shifted t d)) = Q2R (growth factor period t) * Q2R (growth factor period (shifted (wrapped period t) d))
  /\ wrapped period (shifted t d) = wrapped period (shifted (wrapped period t) d).
Proof.
  intros factor period. revert factor. induction period as [|q period IH]; intros factor [|k t] [|e d] P T D LT LD; try discriminate LT; try discriminate LD.
  - destruct factor; cbn; rewrite Q2R_one; split; [ring|reflexivity|ring|reflexivity].
  - inversion P; subst. inversion T; subst. inversion D; subst. injection LT as LT. injection LD as LD.
    assert (W : wrapped period (shifted t d) = wrapped period (shifted (wrapped period t) d)) by (apply (IH [] t d); assumption).
    cbn [shifted wrapped]. split; [|rewrite W; f_equal; rewrite Z.add_mod_idemp_l by lia; reflexivity].
    destruct factor as [|rho factor]; [cbn; rewrite Q2R_one; ring|].
    destruct (IH factor t d) as [G _]; try assumption. assert (B := Z.mod_pos_bound k q ltac:(assumption)).
    rewrite !growth_cons by lia. rewrite G.
    assert (E : ((k + e) / q = k / q + (k mod q + e) / q)%Z).
    { assert (D1 := Z.div_mod k q ltac:(lia)). replace (k + e)%Z with ((k mod q + e) + (k / q) * q)%Z by lia. rewrite Z.div_add by lia. ring. }
    rewrite E, Z2Nat.inj_add, pow_add by (apply Z.div_pos; lia). ring.
Qed.

Lemma sum_of_total : forall terms, Q2R (sum_of terms) = total (fun p => Q2R (fst p) * Q2R (snd p)) terms.
Proof.
  induction terms as [|[k v] terms IH]; [apply Q2R_zero|]. cbn [sum_of total fst snd]. destruct (Z.eqb_spec (Qnum k) 0) as [E|E].
  - rewrite IH, (Q2R_zero_num k E). ring.
  - rewrite Q2R_plus, Q2R_mult, IH. ring.
Qed.

Lemma total_times : forall A (f : A -> R) c l, total (fun a => c * f a) l = c * total f l.
Proof. induction l as [|a l IH]; cbn; [ring|]. rewrite IH. ring. Qed.

(** Without padding every tap lies in the grid. *)
Lemma read_unpadded : forall m axes N J u, large_enough m axes N = true -> unpadded axes = true ->
  Forall2 (fun p j => 0 <= j < window_count (fst p) (snd p))%Z (combine axes N) J -> Forall2 in_range (map taps axes) u ->
  place_read m axes N (start axes J) u = Some (shifted (start axes J) (dilated axes u))
  /\ nonnegatives (start axes J) /\ nonnegatives (dilated axes u) /\ length (start axes J) = length axes /\ length (dilated axes u) = length axes.
Proof.
  intros m. induction axes as [|a axes IH]; intros [|n N] J u L P W U; try discriminate L.
  - inversion W; inversion U. repeat split; constructor.
  - cbn [combine map] in W, U. inversion W as [|? j ? J' W1 W2]; subst. inversion U as [|? k ? u' U1 U2]; subst.
    cbn [large_enough] in L. apply andb_prop in L as [L L']. apply andb_prop in L as [S L]. cbn [unpadded forallb] in P. apply andb_prop in P as [P P'].
    destruct (IH N J' u' L' P' W2 U2) as (R & A & B & C & D). apply sound_axis_spec in S as (S1 & S2 & S3 & S4 & S5). cbn [fst snd] in W1. unfold in_range in U1.
    change (start (a :: axes) (j :: J')) with (stride a * j - low a :: start axes J')%Z.
    change (dilated (a :: axes) (k :: u')) with (dilation a * k :: dilated axes u')%Z.
    assert (SJ : (0 <= stride a * j)%Z) by (apply Z.mul_nonneg_nonneg; lia).
    assert (DK : (0 <= dilation a * k <= dilation a * (taps a - 1))%Z) by (split; [apply Z.mul_nonneg_nonneg; lia|apply Z.mul_le_mono_nonneg_l; lia]).
    assert (W3 : (stride a * j <= n + low a + high a - extent a)%Z).
    { unfold window_count in W1. apply Z.le_trans with (stride a * ((n + low a + high a - extent a) / stride a))%Z;
        [apply Z.mul_le_mono_nonneg_l; lia|apply Z.mul_div_le; lia]. }
    unfold extent in W3. split; [|split; [constructor; [lia|exact A]|split; [constructor; [lia|exact B]|cbn [length]; split; congruence]]].
    cbn [place_read shifted]. rewrite R. unfold padded.
    destruct (Z.leb_spec 0 (stride a * j - low a + dilation a * k)), (Z.ltb_spec (stride a * j - low a + dilation a * k) n); try lia. reflexivity.
Qed.

Open Scope Z_scope.

(** M s <= N. *)
Lemma strides_bound : forall m axes N, large_enough m axes N = true -> unpadded axes = true -> forallb (fun b => stride b <=? extent b) axes = true ->
  0 < fold_right Z.mul 1 (map stride axes) /\ 0 < product_of (counts axes N) /\ 0 < product_of N /\
  product_of (counts axes N) * fold_right Z.mul 1 (map stride axes) <= product_of N /\
  (overlap axes = true -> product_of (counts axes N) * fold_right Z.mul 1 (map stride axes) < product_of N).
Proof.
  intros m. induction axes as [|a axes IH]; intros [|n N] L P E; try discriminate L.
  - cbn. repeat split; try lia; discriminate.
  - assert (DF := large_enough_defined _ _ _ L). destruct DF as (N1 & W & _).
    cbn [large_enough] in L. apply andb_prop in L as [L L']. apply andb_prop in L as [S L]. cbn [unpadded forallb] in P. apply andb_prop in P as [P P'].
    cbn [forallb] in E. apply andb_prop in E as [E E']. apply Z.leb_le in E. destruct (IH N L' P' E') as (A & B & G & H & H').
    apply sound_axis_spec in S as (S1 & S2 & _).
    assert (M : window_count a n * stride a <= n - extent a + stride a).
    { unfold window_count. assert (D := Z.mul_div_le (n + low a + high a - extent a) (stride a) S2). lia. }
    unfold counts. cbn [combine map fst snd product_of fold_right]. fold (counts axes N) (product_of (counts axes N)) (product_of N).
    set (q := product_of (counts axes N)) in *. clearbody q. set (y := product_of N) in *. clearbody y.
    set (s := fold_right Z.mul 1 (map stride axes)) in *. clearbody s. set (w := window_count a n) in *. clearbody w.
    replace (w * q * (stride a * s)) with ((w * stride a) * (q * s)) by ring.
    assert (0 < q * s) by nia. assert (0 < w * stride a) by nia.
    split; [nia|]. split; [nia|]. split; [nia|]. split; [nia|]. intro O. cbn [overlap existsb] in O. apply orb_prop in O as [O|O].
    + apply Z.ltb_lt in O. nia.
    + specialize (H' O). nia.
Qed.

Open Scope R_scope.

Lemma flat_map_length_bound : forall A B (f : A -> list B) b l, (forall a, In a l -> (length (f a) <= b)%nat) -> (length (flat_map f l) <= length l * b)%nat.
Proof.
  induction l as [|a l IH]; intro H; [cbn; lia|]. cbn [flat_map length]. rewrite app_length.
  specialize (H a (or_introl eq_refl)) as H1. assert (length (flat_map f l) <= length l * b)%nat by (apply IH; intros c I; apply H; right; exact I). lia.
Qed.

Theorem check_geometric_sound : forall C K minimum residues a period factor x N,
  large_enough (mode C) (axes C) minimum = true -> check_geometric C K minimum a period factor x = Accepted ->
  among_many (axes C) minimum residues N -> collides_at C K N.
Proof.
  intros C K minimum residues a period factor x N L H A. unfold check_geometric in H.
  destruct (Nat.ltb a (groups C) && Nat.ltb 0 (inputs C) && unpadded (axes C) && forallb (fun q => 0 <? q)%Z period
     && Nat.eqb (length period) (length (axes C)) && forallb (fun rho => 0 <? Qnum rho)%Z factor
     && positive_input C K factor period x && forallb (fun b => stride b <=? extent b)%Z (axes C)) eqn:B; [|discriminate].
  repeat apply andb_prop in B as [B ?]. apply Nat.ltb_lt in B. rename B into GA.
  match goal with E : Nat.ltb 0 (inputs C) = true |- _ => apply Nat.ltb_lt in E; rename E into I0 end.
  match goal with E : unpadded (axes C) = true |- _ => rename E into UP end.
  match goal with E : Nat.eqb _ _ = true |- _ => apply Nat.eqb_eq in E; rename E into LP end.
  match goal with E : forallb (fun rho => 0 <? Qnum rho)%Z factor = true |- _ => rename E into FP end.
  match goal with E : positive_input _ _ _ _ _ = true |- _ => rename E into PI end.
  match goal with E : forallb (fun b => stride b <=? extent b)%Z (axes C) = true |- _ => rename E into ES end.
  match goal with E : forallb (fun q => 0 <? q)%Z period = true |- _ => rename E into PP end.
  assert (PQ : Forall (fun q => 0 < q)%Z period) by (apply Forall_forall; intros q Q; rewrite forallb_forall in PP; apply Z.ltb_lt, PP, Q).
  destruct (forallb (fun psi => few_enough C (length (not_negative C a (seen_at C factor period x psi)))) (places period)) eqn:FE; [|discriminate].
  rewrite forallb_forall in FE. assert (LN := among_large_enough _ _ _ _ _ L A).
  set (cols := columns (a * inputs C) (inputs C) N).
  set (X := (fun i j => if (Nat.leb (a * inputs C) i && Nat.ltb i (a * inputs C + inputs C))%bool
    then Q2R (grown C factor period x (i - a * inputs C) j) else 1) : picture).
  set (psi := fun J => wrapped period (start (axes C) J)).
  set (active := fun J => map (fun q => weights_at C N a q J) (not_negative C a (seen_at C factor period x (psi J)))).
  set (P := flat_map active (windows (axes C) N)).
  (* a window sees a multiple of what the window at its phase sees *)
  assert (GX : forall q J, In J (windows (axes C) N) -> g C N X a q J = Q2R (bias_of C a q)
    + Q2R (growth factor period (start (axes C) J)) * Q2R (sum_of (combine (kernel_of C a q) (seen_at C factor period x (psi J))))).
  { intros q J WJ. apply in_windows in WJ. unfold g. fold (bias_of C a q) (kernel_of C a q). f_equal.
    rewrite sum_of_total. unfold seen_at. rewrite <- (total_combine _ _ _ (fun k v => Q2R k * Q2R v)), <- total_times.
    apply total_ext. intros [k [i u]] I. cbn [fst snd]. apply in_combine_r in I. unfold all_taps in I. apply in_prod_iff in I as [I U].
    apply in_seq in I. apply in_places in U. destruct (read_unpadded _ _ _ _ u LN UP WJ U) as (R & S1 & S2 & S3 & S4). rewrite R. cbn [value_read].
    unfold X, input_channel. destruct (Nat.leb_spec (a * inputs C) (a * inputs C + i)), (Nat.ltb_spec (a * inputs C + i) (a * inputs C + inputs C)); try lia.
    cbn [andb]. replace (a * inputs C + i - a * inputs C)%nat with i by lia. unfold grown. rewrite !Q2R_mult.
    destruct (growth_shift factor period (start (axes C) J) (dilated (axes C) u) PQ S1 S2 ltac:(congruence) ltac:(congruence)) as [E1 E2].
    rewrite E1. unfold psi. rewrite E2. ring. }
  assert (PSI : forall J, In J (windows (axes C) N) -> In (psi J) (places period)).
  { intros J WJ. apply in_windows in WJ. apply in_places. unfold psi.
    destruct (read_unpadded _ _ _ _ (map (fun _ => 0%Z) (axes C)) LN UP WJ) as (_ & _ & _ & S & _).
    - assert (SA := large_enough_sound _ _ _ LN). clear - SA. induction (axes C) as [|b l IH]; cbn; constructor.
      + specialize (SA b (or_introl eq_refl)). apply sound_axis_spec in SA. unfold in_range. lia.
      + apply IH. intros c I. apply SA. right. exact I.
    - rewrite <- LP in S. clear - PQ S. revert S. generalize (start (axes C) J). induction PQ as [|q l Q _ IH]; intros [|k t] S; try discriminate S; constructor.
      + apply Z.mod_pos_bound, Q.
      + apply IH. injection S as S. exact S. }
  assert (LE : (length P < length cols)%nat).
  { destruct (strides_bound _ _ _ LN UP ES) as (B1 & B2 & B3 & B4 & B5).
    assert (LW : Z.of_nat (length (windows (axes C) N)) = product_of (counts (axes C) N)).
    { unfold windows. fold (counts (axes C) N). apply length_places. apply (defined_counts (mode C)), large_enough_defined, LN. }
    assert (LC := columns_length C N a LN). fold cols in LC.
    assert (BOUND : exists b, (forall J, In J (windows (axes C) N) -> (length (active J) <= b)%nat) /\
      (Z.of_nat b <= all_inputs C)%Z /\ (overlap (axes C) = true \/ (Z.of_nat b < all_inputs C)%Z)).
    { destruct (overlap (axes C)) eqn:O.
      - exists (Z.to_nat (all_inputs C)). assert (0 <= all_inputs C)%Z by (unfold all_inputs; nia). split; [|split; [lia|left; reflexivity]].
        intros J WJ. unfold active. rewrite map_length. specialize (FE _ (PSI J WJ)). unfold few_enough in FE. lia.
      - exists (Z.to_nat (all_inputs C - 1)). assert (0 < all_inputs C)%Z by (unfold all_inputs; nia). split; [|split; [lia|right; lia]].
        intros J WJ. unfold active. rewrite map_length. specialize (FE _ (PSI J WJ)). unfold few_enough in FE. rewrite O, andb_false_r, orb_false_r in FE. lia. }
    destruct BOUND as (b & BL & B6 & B7). assert (BP := flat_map_length_bound _ _ active b (windows (axes C) N) BL). fold P in BP.
    assert ((Z.of_nat (length P) < Z.of_nat (length cols))%Z); [|lia]. rewrite LC.
    assert (Z.of_nat (length P) <= product_of (counts (axes C) N) * Z.of_nat b)%Z by (rewrite <- LW, <- Nat2Z.inj_mul; lia).
    unfold all_inputs in B6, B7. set (s := fold_right Z.mul 1%Z (map stride (axes C))) in *. clearbody s.
    set (w := product_of (counts (axes C) N)) in *. clearbody w. set (y := product_of N) in *. clearbody y.
    set (c := Z.of_nat (inputs C)) in *. assert (0 < c)%Z by lia. clearbody c. set (z := Z.of_nat b) in *. clearbody z.
    assert (w * z <= w * (c * s))%Z by nia. assert (w * (c * s) = c * (w * s))%Z by ring.
    destruct B7 as [O|B7]; [specialize (B5 O)|]; nia. }
  destruct (fewer_equations _ P LE) as (v & NZ & E).
  (* the input is positive, and negative outputs stay negative *)
  assert (XP : K = Orthant -> forall i j, (i < in_channels C)%nat -> In j (places N) -> 0 < X i j).
  { intros -> i j I J. unfold X. destruct (Nat.leb_spec (a * inputs C) i), (Nat.ltb_spec i (a * inputs C + inputs C)); cbn [andb]; try lra.
    unfold grown. rewrite Q2R_mult. apply Rmult_lt_0_compat; [|apply growth_positive, FP].
    cbn [positive_input] in PI. rewrite forallb_forall in PI. apply Q2R_positive, PI. apply in_columns. split; [lia|].
    apply in_places. apply in_places in J. assert (LJ : length j = length period).
    { rewrite <- (Forall2_length _ _ _ _ _ J), LP. assert (DF := large_enough_defined _ _ _ LN). clear - DF. revert DF. generalize N.
      induction (axes C) as [|b l IH]; intros [|n0 n1] D; try contradiction; [reflexivity|]. cbn. f_equal. apply IH, D. }
    clear - PQ LJ. revert j LJ. induction PQ as [|q l Q _ IH]; intros [|k t] S; try discriminate S; constructor.
    - apply Z.mod_pos_bound, Q.
    - apply IH. injection S as S. exact S. }
  assert (SM : for_small (fun e => (forall p, In p (list_prod (seq 0 (outputs C)) (windows (axes C) N)) ->
      g C N X a (fst p) (snd p) < 0 -> g C N X a (fst p) (snd p) + e * inner (length cols) (weights_at C N a (fst p) (snd p)) v < 0)
    /\ (forall c, In c (layer_columns C N) -> allowed K (fst c) (X (fst c) (snd c) + e * at_column (picture_of cols v) c)))).
  { apply for_small_and; apply for_small_all.
    - intros [q J] _. cbn [fst snd]. destruct (Rlt_dec (g C N X a q J) 0) as [G|G].
      + destruct (for_small_below (g C N X a q J) (inner (length cols) (weights_at C N a q J) v) (g C N X a q J / 2)) as (T & T0 & HT); [lra|].
        exists T. split; [exact T0|]. intros e R _. destruct (HT e R). lra.
      + exists 1. split; [lra|]. intros e _ F. contradiction.
    - intros [i j] I. cbn [fst snd]. destruct K; try discriminate PI; [exists 1; split; [lra|intros; exact Logic.I]|].
      apply in_columns in I as [I J]. specialize (XP eq_refl i j ltac:(lia) J). cbn [allowed].
      destruct (for_small_below (- X i j) (- at_column (picture_of cols v) (i, j)) 0 ltac:(lra)) as (T & T0 & HT).
      exists T. split; [exact T0|]. intros e R. destruct (HT e R). lra. }
  apply for_small_some in SM as (e & e0 & S1 & S2).
  exists X, (moved_by X e (picture_of cols v)). split; [|split; [|split]].
  - intros i j I J. destruct K; try discriminate PI; [exact Logic.I|]. cbn [allowed]. apply Rlt_le, XP; auto.
  - intros i j I J. apply (S2 (i, j)). apply in_columns. split; [lia|exact J].
  - intros b q J GB GQ WJ. apply (moved_outputs C N a LN GA X e v b q J GB WJ). intros ->. fold cols.
    destruct (shown_negative C a (seen_at C factor period x (psi J)) q) eqn:SN.
    + assert (G : g C N X a q J < 0).
      { rewrite (GX q J WJ). unfold shown_negative in SN. apply andb_prop in SN as [N1 N2]. apply Z.leb_le in N1. apply Z.ltb_lt in N2.
        assert (G0 := growth_positive factor period (start (axes C) J) FP).
        assert (D1 := radius_square (bias_of C a q)). assert (0 < IZR (Zpos (Qden (bias_of C a q)))) by (apply (IZR_lt 0); reflexivity).
        set (sm := sum_of (combine (kernel_of C a q) (seen_at C factor period x (psi J)))) in *.
        assert (D2 := radius_square sm). assert (0 < IZR (Zpos (Qden sm))) by (apply (IZR_lt 0); reflexivity).
        apply IZR_le in N1. apply IZR_lt in N2. assert (Q2R (bias_of C a q) <= 0) by nra. assert (Q2R sm < 0) by nra. nra. }
      assert (G' := S1 (q, J) ltac:(apply in_prod_iff; split; [apply in_seq; lia|exact WJ]) G). cbn [fst snd] in G'.
      unfold relu. rewrite !Rmax_right; [reflexivity|lra|lra].
    + rewrite (E (weights_at C N a q J)); [f_equal; ring|]. unfold P. apply in_flat_map. exists J. split; [exact WJ|].
      unfold active. apply in_map_iff. exists q. split; [reflexivity|]. unfold not_negative. apply filter_In. rewrite SN. split; [apply in_seq; lia|reflexivity].
  - apply (moved_differs C N a GA); [lra|exact NZ].
Qed.
