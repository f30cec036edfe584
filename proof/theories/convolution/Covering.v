(** Rule "boxes": small boxes cover the grid, in an order in which what a box is said to know has been seen before.

    Along one axis this is a principle of induction, [axis_sweep]: what holds at the places of a box if it holds at
    those that it knows, holds everywhere. The same for the grid follows axis by axis, [grid_sweep]. *)

From Coq Require Import List Bool ZArith Lia.
From Proof.convolution Require Import Convolutions Windows Geometry Unrolled.
Import ListNotations.
Open Scope Z_scope.

(** How many places of the box are known at both ends of an axis, and where its windows start. *)
Record slot := Slot { known_low : Z; known_high : Z; slot_starts : list Z }.

(** Whether all starts are from first to last and congruent to a number modulo the stride. *)
Definition serves (a : axis) (s : slot) (residue first last : Z) : bool :=
  forallb (fun tau => (first <=? tau) && (tau <=? last) && ((tau - residue) mod stride a =? 0)) (slot_starts s).

Definition zeros_low (m : padding_mode) (a : axis) : Z := match m with Zeros => low a | _ => 0 end.
Definition zeros_high (m : padding_mode) (a : axis) : Z := match m with Zeros => high a | _ => 0 end.

Definition serves_first (m : padding_mode) (a : axis) (P : Z) (s : slot) : bool :=
  serves a s (- low a) (- zeros_low m a) (P - extent a) && (known_low s =? 0).
Definition serves_inner (a : axis) (P : Z) (s : slot) : bool := serves a s (hd 0 (slot_starts s)) 0 (P - extent a).
Definition serves_last (m : padding_mode) (a : axis) (P r : Z) (s : slot) : bool :=
  serves a s (P - r - low a) 0 (P - extent a + zeros_high m a) && (known_high s =? 0).

Definition first_without (f : Z -> bool) (l : list Z) : option Z := find (fun r => negb (f r)) l.

(** The section "Coverage" for one axis: a box of length P, all sizes from [least] on with the residues. *)
Definition coverage (m : padding_mode) (a : axis) (P : Z) (slots : list slot) (least : Z) (residues : list Z) : option coverage_fault :=
  if P <? stride a then Some BelowStride
  else if least <? P then Some AboveMinimum
  else if existsb (fun s => negb (known_low s =? 0)) slots && existsb (fun s => negb (known_high s =? 0)) slots then Some BothEndsKnown
  else if negb (forallb (fun s => (0 <=? known_low s) && (0 <=? known_high s)
                                  && (Z.max (known_low s) (known_high s) <=? P - stride a)) slots) then Some TooMuchKnown
  else if negb (existsb (serves_first m a P) slots) then Some NoFirst
  else if negb (existsb (serves_inner a P) slots) then Some NoInner
  else match first_without (fun r => existsb (serves_last m a P r) slots) residues with
       | Some r => Some (NoLast r)
       | None => None
       end.

(** A box at p along an axis: its windows are windows of the layer, which read the same in the box and in the grid. *)
Definition stop (m : padding_mode) (a : axis) (P n p : Z) (s : slot) : Prop :=
  0 <= p <= n - P /\
  forall tau, In tau (slot_starts s) ->
    (exists J, 0 <= J < window_count a n /\ stride a * J - low a = p + tau) /\
    forall u, 0 <= u < taps a ->
      padded m n (p + tau + dilation a * u) = option_map (Z.add p) (padded Zeros P (tau + dilation a * u)).

Definition known_along (s : slot) (P j : Z) : bool := (j <? known_low s) || (P - known_high s <=? j).

Section OneAxis.

Variable m : padding_mode.
Variable a : axis.
Variables P n : Z.
Hypothesis sound : sound_axis a = true.
Hypothesis longer : stride a <= P <= n.

Lemma positive_stride : 0 < stride a.
Proof. apply sound_axis_spec in sound. lia. Qed.

Lemma tap_range : forall u, 0 <= u < taps a -> 0 <= dilation a * u <= extent a - 1.
Proof.
  intros u U. apply sound_axis_spec in sound. unfold extent. split; [apply Z.mul_nonneg_nonneg; lia|].
  replace (dilation a * (taps a - 1) + 1 - 1) with (dilation a * (taps a - 1)) by ring. apply Z.mul_le_mono_nonneg_l; lia.
Qed.

Lemma congruent_multiple : forall t, t mod stride a = 0 -> exists J, t = stride a * J.
Proof.
  intros t H. assert (S := positive_stride). exists (t / stride a). assert (D := Z.div_mod t (stride a) ltac:(lia)). lia.
Qed.

Lemma window_exists : forall t, (t + low a) mod stride a = 0 -> - low a <= t <= n + high a - extent a ->
  exists J, 0 <= J < window_count a n /\ stride a * J - low a = t.
Proof.
  intros t H B. assert (S := positive_stride). apply congruent_multiple in H as (J & E). exists J. split; [|lia].
  split.
  - destruct (Z.le_gt_cases 0 J) as [L|L]; [exact L|]. assert (stride a * J < 0) by (apply Z.mul_pos_neg; lia). lia.
  - unfold window_count. assert (J <= (n + low a + high a - extent a) / stride a); [|lia]. apply Z.div_le_lower_bound; lia.
Qed.

Lemma read_inside : forall p k, 0 <= p <= n - P -> 0 <= k < P ->
  padded m n (p + k) = option_map (Z.add p) (padded Zeros P k).
Proof.
  intros p k Q K. unfold padded.
  destruct (Z.leb_spec 0 k), (Z.ltb_spec k P); try lia. destruct (Z.leb_spec 0 (p + k)), (Z.ltb_spec (p + k) n); try lia. reflexivity.
Qed.

Lemma read_outside : forall p k, m = Zeros -> (k < 0 /\ p + k < 0) \/ (P <= k /\ n <= p + k) ->
  padded m n (p + k) = option_map (Z.add p) (padded Zeros P k).
Proof.
  intros p k -> K. unfold padded.
  destruct (Z.leb_spec 0 k), (Z.ltb_spec k P), (Z.leb_spec 0 (p + k)), (Z.ltb_spec (p + k) n); try lia; reflexivity.
Qed.

Lemma serves_spec : forall s residue first last, serves a s residue first last = true ->
  forall tau, In tau (slot_starts s) -> first <= tau <= last /\ (tau - residue) mod stride a = 0.
Proof. intros s residue first last H tau T. unfold serves in H. rewrite forallb_forall in H. specialize (H tau T). lia. Qed.

Lemma first_stop : forall s, serves_first m a P s = true -> stop m a P n 0 s.
Proof.
  intros s H. apply andb_prop in H as [H _]. split; [assert (S := positive_stride); lia|]. intros tau T.
  destruct (serves_spec _ _ _ _ H tau T) as [B C]. assert (SA := sound). apply sound_axis_spec in SA.
  split.
  - apply window_exists; [|unfold zeros_low in B; destruct m; lia].
    replace (0 + tau + low a) with (tau - - low a) by ring. exact C.
  - intros u U. apply tap_range in U. replace (0 + tau + dilation a * u) with (0 + (tau + dilation a * u)) by ring.
    destruct (Z.le_gt_cases 0 (tau + dilation a * u)) as [L|L]; [apply read_inside; lia|].
    apply read_outside; [|lia]. unfold zeros_low in B. destruct m; try reflexivity; lia.
Qed.

Lemma last_stop : forall s, serves_last m a P (n mod stride a) s = true -> stop m a P n (n - P) s.
Proof.
  intros s H. apply andb_prop in H as [H _]. split; [assert (S := positive_stride); lia|]. intros tau T.
  destruct (serves_spec _ _ _ _ H tau T) as [B C]. assert (SA := sound). apply sound_axis_spec in SA.
  split.
  - apply window_exists; [|unfold zeros_high in B; destruct m; lia].
    apply congruent_multiple in C as (J & E). assert (D := Z.div_mod n (stride a) ltac:(lia)).
    replace (n - P + tau + low a) with ((J + n / stride a) * stride a) by lia. apply Z.mod_mul. lia.
  - intros u U. apply tap_range in U. replace (n - P + tau + dilation a * u) with (n - P + (tau + dilation a * u)) by ring.
    destruct (Z.lt_ge_cases (tau + dilation a * u) P) as [L|L]; [apply read_inside; lia|].
    apply read_outside; [|lia]. unfold zeros_high in B. destruct m; try reflexivity; lia.
Qed.

Lemma inner_stop : forall s p, serves_inner a P s = true -> 0 <= p <= n - P ->
  (p + hd 0 (slot_starts s) + low a) mod stride a = 0 -> stop m a P n p s.
Proof.
  intros s p H Q R. split; [exact Q|]. intros tau T. destruct (serves_spec _ _ _ _ H tau T) as [B C].
  assert (SA := sound). apply sound_axis_spec in SA. split.
  - apply window_exists; [|lia]. apply congruent_multiple in C as (J & E). apply congruent_multiple in R as (I & F).
    replace (p + tau + low a) with ((J + I) * stride a) by lia. apply Z.mod_mul. lia.
  - intros u U. apply tap_range in U. replace (p + tau + dilation a * u) with (p + (tau + dilation a * u)) by ring.
    apply read_inside; lia.
Qed.

(** Among s integers in a row one has the right residue. *)
Lemma position_below : forall top c, exists p, top - stride a < p <= top /\ (p + c) mod stride a = 0.
Proof.
  intros top c. assert (S := positive_stride). exists (top - (top + c) mod stride a).
  assert (B := Z.mod_pos_bound (top + c) (stride a) S). split; [lia|].
  assert (D := Z.div_mod (top + c) (stride a) ltac:(lia)).
  replace (top - (top + c) mod stride a + c) with ((top + c) / stride a * stride a) by lia. apply Z.mod_mul. lia.
Qed.

Variable slots : list slot.
Hypothesis low_ends : forall s, In s slots -> 0 <= known_low s <= P - stride a.
Hypothesis high_ends : forall s, In s slots -> 0 <= known_high s <= P - stride a.
Variables sf si sl : slot.
Hypothesis first_in : In sf slots.
Hypothesis first_serves : serves_first m a P sf = true.
Hypothesis inner_in : In si slots.
Hypothesis inner_serves : serves_inner a P si = true.
Hypothesis last_in : In sl slots.
Hypothesis last_serves : serves_last m a P (n mod stride a) sl = true.

Variable good : Z -> Prop.
Hypothesis step : forall p s, In s slots -> stop m a P n p s ->
  (forall j, 0 <= j < P -> known_along s P j = true -> good (p + j)) -> forall j, 0 <= j < P -> good (p + j).

(** A box that knows nothing but places where the property holds. *)
Lemma by_box : forall p s z, In s slots -> stop m a P n p s -> p <= z < p + P ->
  (forall y, p <= y < p + P -> y < p + known_low s \/ p + P - known_high s <= y -> good y) -> good z.
Proof.
  intros p s z I S Z0 H. replace z with (p + (z - p)) by ring. apply (step p s I S); [|lia].
  intros j J K. apply H; [lia|]. unfold known_along in K. lia.
Qed.

Lemma first_knows_nothing : known_low sf = 0.
Proof. apply andb_prop in first_serves as [_ H]. apply Z.eqb_eq, H. Qed.

Lemma last_knows_nothing : known_high sl = 0.
Proof. apply andb_prop in last_serves as [_ H]. apply Z.eqb_eq, H. Qed.

(** Upwards: each place lies in a box that knows only places before it. *)
Lemma sweep_up : (forall s, In s slots -> known_high s = 0) -> forall z, 0 <= z < n -> good z.
Proof.
  intro U. assert (S := positive_stride).
  assert (G : forall k z, 0 <= z < n -> z < Z.of_nat k -> good z); [|intros z Z0; apply (G (Z.to_nat n)); lia].
  induction k as [|k IH]; intros z Z0 L; [lia|].
  assert (B : forall p s, In s slots -> stop m a P n p s -> 0 <= p -> p + known_low s <= z -> z < p + P -> good z).
  { intros p s I T Q A E. apply (by_box p s z I T); [assert (H := low_ends s I); lia|].
    intros y Y [K|K]; [apply IH; lia|]. rewrite (U s I) in K. lia. }
  destruct (Z.lt_ge_cases z P) as [C|C].
  { apply (B 0 sf first_in (first_stop sf first_serves)); try rewrite first_knows_nothing; lia. }
  destruct (Z.le_gt_cases (n - P + known_low sl) z) as [D|D].
  { apply (B (n - P) sl last_in (last_stop sl last_serves)); lia. }
  assert (LL := low_ends sl last_in). assert (LI := low_ends si inner_in).
  destruct (position_below (Z.min (z - known_low si) (n - P)) (hd 0 (slot_starts si) + low a)) as (p & Q & M).
  apply (B p si inner_in); try lia. apply inner_stop; [exact inner_serves|lia|].
  replace (p + hd 0 (slot_starts si) + low a) with (p + (hd 0 (slot_starts si) + low a)) by ring. exact M.
Qed.

(** Downwards: each place lies in a box that knows only places behind it. *)
Lemma sweep_down : (forall s, In s slots -> known_low s = 0) -> forall z, 0 <= z < n -> good z.
Proof.
  intro U. assert (S := positive_stride).
  assert (G : forall k z, 0 <= z < n -> n - 1 - z < Z.of_nat k -> good z); [|intros z Z0; apply (G (Z.to_nat n)); lia].
  induction k as [|k IH]; intros z Z0 L; [lia|].
  assert (B : forall p s, In s slots -> stop m a P n p s -> p <= z -> z < p + P - known_high s -> good z).
  { intros p s I T A E. assert (T' := T). destruct T' as [R _]. apply (by_box p s z I T); [assert (H := high_ends s I); lia|].
    intros y Y [K|K]; [rewrite (U s I) in K; lia|]. apply IH; lia. }
  destruct (Z.le_gt_cases (n - P) z) as [C|C].
  { apply (B (n - P) sl last_in (last_stop sl last_serves)); try rewrite last_knows_nothing; lia. }
  destruct (Z.lt_ge_cases z (P - known_high sf)) as [D|D].
  { apply (B 0 sf first_in (first_stop sf first_serves)); lia. }
  assert (HF := high_ends sf first_in). assert (HI := high_ends si inner_in).
  destruct (position_below (Z.max (z - P + known_high si) (-1) + stride a) (hd 0 (slot_starts si) + low a)) as (p & Q & M).
  apply (B p si inner_in); try lia. apply inner_stop; [exact inner_serves|lia|].
  replace (p + hd 0 (slot_starts si) + low a) with (p + (hd 0 (slot_starts si) + low a)) by ring. exact M.
Qed.

End OneAxis.

Theorem axis_sweep : forall m a P slots least residues n,
  sound_axis a = true -> coverage m a P slots least residues = None -> least <= n -> In (n mod stride a) residues ->
  forall good : Z -> Prop,
  (forall p s, In s slots -> stop m a P n p s ->
    (forall j, 0 <= j < P -> known_along s P j = true -> good (p + j)) -> forall j, 0 <= j < P -> good (p + j)) ->
  forall z, 0 <= z < n -> good z.
Proof.
  intros m a P slots least residues n S H L R good step. unfold coverage in H.
  destruct (P <? stride a) eqn:C1; [discriminate|]. destruct (least <? P) eqn:C2; [discriminate|].
  destruct (existsb (fun s => negb (known_low s =? 0)) slots && existsb (fun s => negb (known_high s =? 0)) slots) eqn:C3; [discriminate|].
  destruct (forallb (fun s => (0 <=? known_low s) && (0 <=? known_high s) && (Z.max (known_low s) (known_high s) <=? P - stride a)) slots) eqn:C4;
    [|discriminate].
  destruct (existsb (serves_first m a P) slots) eqn:C5; [|discriminate].
  destruct (existsb (serves_inner a P) slots) eqn:C6; [|discriminate]. cbn [negb] in H.
  destruct (first_without (fun r => existsb (serves_last m a P r) slots) residues) eqn:C7; [discriminate|].
  apply existsb_exists in C5 as (sf & FI & FS). apply existsb_exists in C6 as (si & II & IS).
  apply (find_none _ _) with (x := n mod stride a) in C7; [|exact R]. apply negb_false_iff in C7.
  apply existsb_exists in C7 as (sl & LI & LS).
  rewrite forallb_forall in C4.
  assert (A : forall s, In s slots -> 0 <= known_low s <= P - stride a) by (intros s I; specialize (C4 s I); lia).
  assert (B : forall s, In s slots -> 0 <= known_high s <= P - stride a) by (intros s I; specialize (C4 s I); lia).
  assert (Z0 : forall f : slot -> Z, existsb (fun s => negb (f s =? 0)) slots = false -> forall s, In s slots -> f s = 0).
  { intros f F s I. destruct (Z.eqb_spec (f s) 0) as [E|E]; [exact E|].
    assert (T : existsb (fun s => negb (f s =? 0)) slots = true); [|congruence].
    apply existsb_exists. exists s. split; [exact I|]. apply negb_true_iff, Z.eqb_neq, E. }
  apply andb_false_iff in C3 as [C3|C3].
  - apply (sweep_down m a P n S ltac:(lia) slots B sf si sl FI FS II IS LI LS good step (Z0 known_low C3)).
  - apply (sweep_up m a P n S ltac:(lia) slots A sf si sl FI FS II IS LI LS good step (Z0 known_high C3)).
Qed.

(** * The grid *)

(** The first axis whose slots do not cover it, and why. *)
Fixpoint grid_coverage (m : padding_mode) (number : Z) (axes : list axis) (box : list Z) (slots : list (list slot))
  (minimum : list Z) (residues : list (list Z)) : answer :=
  match axes, box, slots, minimum, residues with
  | [], [], [], [], [] => Accepted
  | a :: axes', P :: box', l :: slots', least :: minimum', r :: residues' =>
      match coverage m a P l least r with
      | Some why => Refused (NotCovered number why)
      | None => grid_coverage m (number + 1) axes' box' slots' minimum' residues'
      end
  | _, _, _, _, _ => Refused DoesNotFit
  end.

(** All choices of one member of each list, in lexicographic order. *)
Fixpoint choices {A : Type} (lists : list (list A)) : list (list A) :=
  match lists with
  | [] => [[]]
  | l :: rest => map (fun p => fst p :: snd p) (list_prod l (choices rest))
  end.

(** Whether a place of the box is known along some axis. *)
Fixpoint known (choice : list slot) (box j : list Z) : bool :=
  match choice, box, j with
  | s :: choice', P :: box', k :: j' => known_along s P k || known choice' box' j'
  | _, _, _ => false
  end.

Fixpoint shifted (p j : list Z) : list Z :=
  match p, j with
  | a :: p', b :: j' => a + b :: shifted p' j'
  | _, _ => []
  end.

Fixpoint stops (m : padding_mode) (axes : list axis) (box N p : list Z) (choice : list slot) : Prop :=
  match axes, box, N, p, choice with
  | [], [], [], [], [] => True
  | a :: axes', P :: box', n :: N', q :: p', s :: choice' => stop m a P n q s /\ stops m axes' box' N' p' choice'
  | _, _, _, _, _ => False
  end.

Lemma stops_range : forall m axes box N p choice j, stops m axes box N p choice -> Forall2 in_range box j -> Forall2 in_range N (shifted p j).
Proof.
  induction axes as [|a axes IH]; intros [|P box] [|n N] [|q p] [|s choice] j T B; try contradiction; inversion B; subst; constructor.
  - destruct T as [[T _] _]. unfold in_range in *. lia.
  - apply (IH box N p choice); [apply T|assumption].
Qed.

Theorem grid_sweep : forall m axes box slots minimum residues N number,
  large_enough m axes N = true -> grid_coverage m number axes box slots minimum residues = Accepted ->
  among_many axes minimum residues N ->
  forall good : list Z -> Prop,
  (forall p choice, In choice (choices slots) -> stops m axes box N p choice ->
    (forall j, Forall2 in_range box j -> known choice box j = true -> good (shifted p j)) ->
    forall j, Forall2 in_range box j -> good (shifted p j)) ->
  forall z, Forall2 in_range N z -> good z.
Proof.
  intros m. induction axes as [|a axes IH]; intros [|P box] [|l slots] [|least minimum] [|r residues] [|n N] number L H A good step z Z0;
    try discriminate H; try contradiction.
  - inversion Z0; subst. refine (step [] [] (or_introl eq_refl) I _ [] (Forall2_nil _)). intros j _ K. discriminate K.
  - cbn [grid_coverage] in H. destruct (coverage m a P l least r) eqn:C; [discriminate|].
    cbn [large_enough] in L. apply andb_prop in L as [L T]. apply andb_prop in L as [S _].
    destruct A as (A1 & A2 & A3). inversion Z0 as [|? z1 ? rest R1 R2]; subst. clear Z0. revert rest R2.
    apply (axis_sweep m a P l least r n S C A1 A2 (fun z1 => forall rest, Forall2 in_range N rest -> good (z1 :: rest))); [|exact R1].
    intros p s IS ST K j J rest R. revert j J.
    apply (IH box slots minimum residues N (number + 1) T H A3 (fun rest => forall j, 0 <= j < P -> good (p + j :: rest))); [|exact R].
    intros p' choice IC ST' K' j' J' j J.
    change (p + j :: shifted p' j') with (shifted (p :: p') (j :: j')). apply (step (p :: p') (s :: choice)).
    + cbn [choices]. apply in_map_iff. exists (s, choice). split; [reflexivity|]. apply in_prod_iff. auto.
    + split; assumption.
    + intros i IR KN. inversion IR as [|? i1 ? i' I1 I2]; subst. cbn [known shifted] in *. apply orb_prop in KN as [KN|KN].
      * refine (K i1 I1 KN _ _). apply (stops_range m axes box N p' choice i' ST' I2).
      * exact (K' i' I2 KN i1 I1).
    + constructor; assumption.
Qed.
