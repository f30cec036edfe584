(** The tree of a certificate with the rule "orientation" comes to every cell, so all of them have been tested. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Interior Tables Combinations.
From Proof.rules Require Import Collision.
From Proof.convolution Require Import Periodic.
From Proof.networks Require Import Determinants IntegerEquations Orientation OrientationCells.
Import ListNotations.
Open Scope R_scope.

(** * Circuits *)

(** A sum of terms that are at most 0, one of them below. *)
Lemma total_below : forall x d ts g beta, total d ts = Some (g, beta) ->
  (forall t, In t ts -> IZR (multiplier t) * value (function t) x <= 0) ->
  idot g x + IZR beta <= 0 /\
  ((exists t, In t ts /\ IZR (multiplier t) * value (function t) x < 0) -> idot g x + IZR beta < 0).
Proof.
  induction ts as [|t ts IH]; intros g beta H D; cbn [total] in H.
  - injection H as <- <-. simpl. split; [lra|]. intros (t & [] & _).
  - set (q := (d ÷ denominator (function t))%Z) in H. destruct (0 <? q)%Z eqn:Q; [|discriminate].
    apply Z.ltb_lt, IZR_lt in Q. destruct (total d ts) as [[g' beta']|]; [|discriminate]. injection H as <- <-.
    rewrite idot_added, plus_IZR, !mult_IZR.
    destruct (IH g' beta' eq_refl) as [B S]; [intros s I; apply D; right; exact I|].
    replace (idot g' x + IZR (multiplier t) * IZR q * idot (weights (function t)) x
      + (IZR beta' + IZR (multiplier t) * IZR q * IZR (constant (function t))))
      with (idot g' x + IZR beta' + IZR q * (IZR (multiplier t) * value (function t) x)) by (unfold value; ring).
    set (v := IZR (multiplier t) * value (function t) x) in *.
    assert (T : IZR q * v <= 0).
    { replace 0 with (IZR q * 0) by ring. apply Rmult_le_compat_l; [lra|]. apply D. left. reflexivity. }
    split; [lra|]. intros (s & [<-|I] & V).
    + fold v in V. assert (IZR q * v < 0); [|lra]. replace 0 with (IZR q * 0) by ring. apply Rmult_lt_compat_l; assumption.
    + assert (idot g' x + IZR beta' < 0); [|lra]. apply S. exists s. split; assumption.
Qed.

Lemma is_zero_row_idot : forall r x, is_zero_row r = true -> value r x = IZR (constant r).
Proof. intros r x H. unfold value. rewrite zeros_idot by exact H. ring. Qed.

Section Tree.

Variable n : nat.
Variable units : list integer_row.
Hypothesis lengths : forall r, In r units -> length (weights r) = n.

Let named_units : table integer_row := with_entries no_entries units.

Lemma named_at : forall i r, entry named_units i = Some r -> (0 <= i)%Z /\ nth_error units (Z.to_nat i) = Some r.
Proof.
  intros i r E. assert (B := entry_number _ _ _ _ E). split; [lia|].
  assert (H := entry_nth _ units no_entries i r). cbn [size no_entries] in H. rewrite Z.sub_0_r in H. apply H; [lia|exact E].
Qed.

Lemma named_in : forall i r, entry named_units i = Some r -> In r units.
Proof. intros i r E. apply named_at in E as [_ E]. apply (nth_error_In _ _ E). Qed.

Variable x : point.
Hypothesis x_generic : forall r, In r units -> is_zero_row r = false -> value r x <> 0.

(** That x has not the signs of a circuit. *)
Definition impossible_at (s : unit_signs) : Prop :=
  (forall i r, In i (fst s) -> entry named_units i = Some r -> value r x < 0) ->
  (forall i r, In i (snd s) -> entry named_units i = Some r -> 0 <= value r x) -> False.

Lemma impossible_signs_sound : forall pairs s, impossible_signs named_units pairs = Good s -> impossible_at s.
Proof.
  intros pairs s H. unfold impossible_signs in H. destruct (terms_of named_units 0 pairs) as [ts|] eqn:T; [|discriminate].
  assert (N := terms_of_named _ _ _ _ T).
  destruct (negb (forallb (fun t => negb (multiplier t =? 0)%Z) ts)) eqn:NZ; [discriminate|].
  destruct (negb (sum_nonnegative ISpace ts)) eqn:S; [discriminate|].
  destruct (match filter (fun t => (0 <? multiplier t)%Z) ts with
    [] => forallb (fun t => is_zero_function (function t)) (filter is_negative ts) | _ => false end) eqn:Z0; [discriminate|].
  injection H as <-. intros HP HN. cbn [fst snd] in *. apply negb_false_iff in NZ, S. rewrite forallb_forall in NZ.
  destruct (sum_nonnegative_spec n Space ISpace named_units (MadeSpace n)) with (ts := ts) as (g & beta & TT & B).
  { intros t I. apply lengths, (named_in (row_number t)), I. }
  { exact S. }
  { exact N. }
  assert (P : forall t, In t ts -> (0 < multiplier t)%Z -> value (function t) x < 0).
  { intros t I M. apply (HP (row_number t)); [|apply N, I]. apply in_map, filter_In. split; [exact I|apply Z.ltb_lt, M]. }
  assert (Q : forall t, In t ts -> (multiplier t < 0)%Z -> 0 <= value (function t) x).
  { intros t I M. apply (HN (row_number t)); [|apply N, I]. apply in_map, filter_In. split; [exact I|apply Z.ltb_lt, M]. }
  assert (D : forall t, In t ts -> IZR (multiplier t) * value (function t) x <= 0).
  { intros t I. specialize (NZ t I). apply negb_true_iff, Z.eqb_neq in NZ. destruct (Z.lt_ge_cases (multiplier t) 0) as [M|M].
    - assert (V := Q t I M). apply IZR_lt in M. clear - V M. nra.
    - assert (M' : (0 < multiplier t)%Z) by lia. assert (V := P t I M'). apply IZR_lt in M'. clear - V M'. nra. }
  destruct (total_below x _ ts g beta TT D) as [_ L]. specialize (B x I).
  assert (F : exists t, In t ts /\ IZR (multiplier t) * value (function t) x < 0); [|specialize (L F); lra].
  destruct (filter (fun t => (0 <? multiplier t)%Z) ts) as [|t0 rest] eqn:E.
  - assert (X : exists t, In t (filter is_negative ts) /\ is_zero_function (function t) = false).
    { clear - Z0. induction (filter is_negative ts) as [|t l IH]; [discriminate Z0|]. cbn [forallb] in Z0.
      apply andb_false_iff in Z0 as [Z0|Z0]; [exists t; split; [left; reflexivity|exact Z0]|].
      destruct (IH Z0) as (s & I & F). exists s. split; [right; exact I|exact F]. }
    destruct X as (t & I' & ZF). apply filter_In in I' as [I' M]. apply Z.ltb_lt in M. exists t. split; [exact I'|].
    assert (V := Q t I' M). assert (NE : value (function t) x <> 0).
    { unfold is_zero_function in ZF. destruct (is_zero_row (function t)) eqn:ZR.
      - rewrite is_zero_row_idot by exact ZR. apply not_0_IZR, Z.eqb_neq. exact ZF.
      - apply x_generic; [apply (named_in (row_number t)), N, I'|exact ZR]. }
    apply IZR_lt in M. clear - V NE M. nra.
  - assert (I' : In t0 ts /\ (0 < multiplier t0)%Z).
    { assert (I' : In t0 (t0 :: rest)) by (left; reflexivity). rewrite <- E in I'. apply filter_In in I' as [I' M].
      split; [exact I'|apply Z.ltb_lt, M]. }
    destruct I' as [I' M]. exists t0. split; [exact I'|]. assert (V := P t0 I' M). apply IZR_lt in M. clear - V M. nra.
Qed.

Lemma read_impossible_sound : forall circuits found found', read_impossible named_units circuits found = Good found' ->
  all_cells impossible_at found -> all_cells impossible_at found'.
Proof.
  fix IH 1. intros [|pairs rest] found found' H A; cbn [read_impossible] in H; [injection H as <-; exact A|].
  destruct (impossible_signs named_units pairs) as [s|] eqn:S; [|discriminate].
  apply (IH rest _ _ H). apply all_cells_with; [exact A|]. apply (impossible_signs_sound pairs), S.
Qed.

(** * The tree *)

Variable p : list Z.
Variable d : Z.
Variable equations : list equation.
Variable rows : list (list Z).
Variable circuits : table unit_signs.
Hypothesis circuits_impossible : all_cells impossible_at circuits.

(** x has the signs of P and Q. *)
Definition obeys (P Q : Z) : Prop := forall i r, nth_error units i = Some r ->
  (member P (Z.of_nat i) = true -> 0 <= value r x) /\ (member Q (Z.of_nat i) = true -> value r x < 0).

(** An accepted cell in which x lies. *)
Definition cell_found (s : Z) : Prop :=
  exists P Q sign, check_cell units p d equations rows P Q sign = Good s /\ obeys P Q.

Hypothesis check_cell_sign : forall P Q sign s, check_cell units p d equations rows P Q sign = Good s ->
  s <> 0%Z /\ (sign <> 0%Z -> s = sign).

Lemma first_outside_none : forall P l, first_outside P l = None -> forall i, In i l -> member P i = true.
Proof.
  induction l as [|k l IH]; intros H i I; [destruct I|]. cbn [first_outside] in H.
  destruct (member P k) eqn:M; [|discriminate]. destruct I as [<-|I]; [exact M|apply IH; assumption].
Qed.

Lemma read_cells_sound : forall A (fuel : list A) P Q sign tokens rest s,
  read_cells units named_units circuits p d equations rows fuel P Q sign tokens = Good (rest, s) ->
  (sign <> 0%Z -> s = sign) /\ (obeys P Q -> cell_found s).
Proof.
  assert (leaf : forall P Q sign token (rest rest' : stream Z) s,
    match entry circuits (token - 1) with
    | None => Bad (NoSuchEntry (token - 1))
    | Some (positive, negative) =>
        match first_outside Q positive, first_outside P negative with
        | Some i, _ => Bad (NotNegativeUnit i)
        | None, Some i => Bad (NotNonnegativeUnit i)
        | None, None => Good (rest, sign)
        end
    end = Good (rest', s) -> (sign <> 0%Z -> s = sign) /\ (obeys P Q -> cell_found s)).
  { intros P Q sign token rest rest' s H. destruct (entry circuits (token - 1)) as [[positive negative]|] eqn:E; [|discriminate].
    destruct (first_outside Q positive) eqn:FP; [discriminate|]. destruct (first_outside P negative) eqn:FN; [discriminate|].
    injection H as _ <-. split; [auto|]. intro O. exfalso. apply entry_cells, circuits_impossible in E. apply E.
    - intros i r I N. apply named_at in N as [I0 N]. apply (O _ _ N). rewrite Z2Nat.id by exact I0.
      apply (first_outside_none _ _ FP), I.
    - intros i r I N. apply named_at in N as [I0 N]. apply (O _ _ N). rewrite Z2Nat.id by exact I0.
      apply (first_outside_none _ _ FN), I. }
  assert (cell : forall P Q sign (rest rest' : stream Z) s,
    match check_cell units p d equations rows P Q sign with Good s => Good (rest, s) | Bad why => Bad why end = Good (rest', s) ->
    (sign <> 0%Z -> s = sign) /\ (obeys P Q -> cell_found s)).
  { intros P Q sign rest rest' s H. destruct (check_cell units p d equations rows P Q sign) as [s'|] eqn:C; [|discriminate].
    injection H as _ <-. split; [apply (check_cell_sign _ _ _ _ C)|]. intro O. exists P, Q, sign. split; assumption. }
  intros A. induction fuel as [|a fuel IH]; intros P Q sign [|token tokens] rest s H; cbn [read_cells] in H; try discriminate H.
  - destruct (0 <? token)%Z; [apply (leaf _ _ _ _ _ _ _ H)|]. destruct (token =? 0)%Z; [apply (cell _ _ _ _ _ _ H)|].
    destruct (entry named_units (- token - 1)); discriminate H.
  - destruct (0 <? token)%Z; [apply (leaf _ _ _ _ _ _ _ H)|]. destruct (token =? 0)%Z; [apply (cell _ _ _ _ _ _ H)|].
    set (i := (- token - 1)%Z) in *. destruct (entry named_units i) as [r|] eqn:E; [|discriminate].
    destruct (member P i || member Q i); [discriminate|].
    destruct (read_cells _ _ _ _ _ _ _ fuel (with_member P i) Q sign tokens) as [[rest' s']|] eqn:R; [|discriminate].
    apply IH in R as [R1 R2]. apply IH in H as [H1 H2]. split.
    + intro N. rewrite <- (R1 N). apply H1. rewrite (R1 N). exact N.
    + intro O. apply named_at in E as [I0 E]. destruct (Rle_or_lt 0 (value r x)) as [V|V].
      * assert (F : cell_found s').
        { apply R2. intros k q K. split; [|apply (O k q K)].
          intro M. apply member_with in M as [M|M]; [|apply (O k q K), M|exact I0].
          replace k with (Z.to_nat i) in K by lia. rewrite E in K. injection K as <-. exact V. }
        rewrite H1; [exact F|]. destruct F as (P' & Q' & sign' & C & _). apply (check_cell_sign _ _ _ _ C).
      * apply H2. intros k q K. split; [apply (O k q K)|]. intro M. apply member_with in M as [M|M]; [|apply (O k q K), M|exact I0].
        replace k with (Z.to_nat i) in K by lia. rewrite E in K. injection K as <-. exact V.
Qed.

End Tree.

(** * The whole certificate *)

Lemma integer_rows_number : forall n layer i rows, integer_rows n i layer = Some rows ->
  forall k r, nth_error rows k = Some r -> number r = (i + Z.of_nat k)%Z.
Proof.
  intros n. induction layer as [|q layer IH]; intros i rows H k r E; cbn [integer_rows] in H.
  - injection H as <-. destruct k; discriminate E.
  - destruct (integer_row_of n i q) as [z|] eqn:Z1; [|discriminate].
    destruct (integer_rows n (i + 1) layer) as [rest|] eqn:R; [|discriminate]. injection H as <-.
    destruct k as [|k]; cbn [nth_error] in E.
    + injection E as <-. unfold integer_row_of in Z1. destruct (has_length n (normal q)); [|discriminate].
      destruct (over_one_denominator (bias q :: normal q)) as [[[|b w] d]|]; try discriminate. injection Z1 as <-. cbn. lia.
    + rewrite (IH _ _ R k r E). lia.
Qed.

Lemma integer_rows_normal : forall n layer i rows, integer_rows n i layer = Some rows ->
  forall q, In q layer -> length (normal q) = n.
Proof.
  intros n. induction layer as [|q layer IH]; intros i rows H r I; [destruct I|]. cbn [integer_rows] in H.
  destruct (integer_row_of n i q) as [z|] eqn:Z1; [|discriminate].
  destruct (integer_rows n (i + 1) layer) as [rest|] eqn:R; [|discriminate]. destruct I as [<-|I]; [|apply (IH _ _ R r I)].
  unfold integer_row_of in Z1. destruct (has_length n (normal q)) eqn:L; [|discriminate]. apply has_length_spec, L.
Qed.

Lemma is_zero_row_false : forall r, is_zero_row r = false -> exists j, (j < length (weights r))%nat /\ numbers (weights r) j <> 0.
Proof.
  intros r H. unfold is_zero_row, numbers in *. induction (weights r) as [|a w IH]; [discriminate H|]. cbn [forallb] in H.
  apply andb_false_iff in H as [H|H].
  - exists 0%nat. split; [cbn; lia|]. apply not_0_IZR, Z.eqb_neq, H.
  - destruct (IH H) as (j & J & N). exists (S j). split; [cbn; lia|exact N].
Qed.

Lemma zero_unit_none : forall units values, zero_unit units values = None -> length units = length values ->
  forall i r, nth_error units i = Some r -> is_zero_row r = false -> nth i values 0%Z <> 0%Z.
Proof.
  induction units as [|u units IH]; intros [|v values] H L i r E ZR; try discriminate L; [destruct i; discriminate E|].
  cbn [zero_unit] in H. destruct ((v =? 0)%Z && negb (is_zero_row u)) eqn:B; [discriminate|].
  destruct i as [|i]; cbn [nth_error nth] in *; [|apply (IH values H ltac:(auto) i r E ZR)].
  injection E as ->. rewrite ZR, andb_true_r in B. apply Z.eqb_neq, B.
Qed.

Definition fits (n : nat) (f : residual_block) : Prop :=
  (forall r, In r (hidden f) -> length (normal r) = n) /\ length (back f) = n /\
  forall row, In row (back f) -> length row = length (hidden f).

Theorem check_orientation_cells : forall n K f p circuits tree, check_orientation n K f p circuits tree = Good tt ->
  fits n f /\ exists s, cells_oriented n f s (center_of p).
Proof.
  intros n K f p circuits tree H. unfold check_orientation in H.
  destruct (integer_rows n 0 (hidden f)) as [units|] eqn:U; [|discriminate].
  destruct (over_one_denominator p) as [[x d]|] eqn:X; [|discriminate].
  destruct (has_length n (back f) && forallb (has_length (length units)) (back f) && has_length n x) eqn:L; [|discriminate].
  apply andb_prop in L as [L LX]. apply andb_prop in L as [LB LR]. apply has_length_spec in LB, LX.
  rewrite forallb_forall in LR. assert (LR' := fun row I => has_length_spec _ _ _ (LR row I)). clear LR.
  destruct (integer_domain_of n K) as [IK|]; [|discriminate].
  destruct (equations_of n 0 units (values_at units x d) (back f) x) as [equations|] eqn:EQ; [|discriminate].
  destruct (zero_unit units (values_at units x d)) eqn:ZU; [discriminate|].
  destruct (read_impossible (with_entries no_entries units) circuits no_entries) as [found|] eqn:RI; [|discriminate].
  destruct (read_cells units (with_entries no_entries units) found x d equations (map (extended d) units) units 0 0 0 tree)
    as [[rest s]|] eqn:RC; [|discriminate].
  apply over_one_denominator_spec in X as [MX DX].
  assert (MU := integer_rows_spec _ _ _ _ U). assert (NU := fun i r => integer_rows_number _ _ _ _ U i r).
  assert (lengths : forall r, In r units -> length (weights r) = n).
  { intros r I. destruct (Forall2_in_right _ _ _ _ _ MU r I) as (q & _ & M). apply M. }
  assert (cell := check_cell_sound n f units MU p x d equations NU LB LR' LX MX DX EQ).
  split.
  { split; [apply (integer_rows_normal _ _ _ _ U)|]. split; [exact LB|]. intros row I.
    rewrite (Forall2_length _ _ _ _ _ MU). apply LR', I. }
  exists (IZR s). split.
  - intros i I (j & J & N). destruct (unit_there n f units MU i I) as (r & R).
    destruct (unit_made n f units MU i r R) as [_ M]. destruct (made_entries _ _ _ M) as [W _]. destruct M as ((LW & _) & DR & V).
    assert (ZR : is_zero_row r = false).
    { apply not_true_iff_false. intro ZR. apply N. unfold unit_normal.
      assert (Z0 : numbers (weights r) j = 0) by (rewrite <- idot_unit; apply zeros_idot, ZR).
      rewrite W in Z0. apply Rmult_integral in Z0 as [Z0|Z0]; [lra|exact Z0]. }
    assert (NV := zero_unit_none _ _ ZU ltac:(unfold values_at; rewrite map_length; reflexivity) i r R ZR).
    rewrite (nth_error_nth _ i (x := inner_product r x d)) in NV by (unfold values_at; rewrite nth_error_map, R; reflexivity).
    intro Z0. apply NV, eq_IZR. rewrite inner_product_value, (at_point p x d MX DX), V, Z0 by exact DX. ring.
  - intros P (y & G & HP). assert (GY : forall r, In r units -> is_zero_row r = false -> value r y <> 0).
    { intros r I ZR. apply In_nth_error in I as (i & R). destruct (unit_made n f units MU i r R) as [I M].
      destruct (made_entries _ _ _ M) as [W _]. destruct M as ((LW & _) & DR & V).
      destruct (is_zero_row_false r ZR) as (j & J & N). rewrite V. apply Rmult_integral_contrapositive. split; [lra|].
      apply (G i I). exists j. split; [lia|]. intro Z0. apply N. rewrite W. unfold unit_normal in Z0. rewrite Z0. ring. }
    assert (CI := read_impossible_sound n units lengths y GY circuits no_entries found RI (all_cells_none _ _)).
    destruct (read_cells_sound units y x d equations (map (extended d) units) found CI
      (fun P Q sign s C => conj (proj1 (cell P Q sign s C)) (proj1 (proj2 (cell P Q sign s C)))) _ units _ _ _ _ _ _ RC)
      as [_ (P' & Q' & sign & C & O)].
    { intros i r R. rewrite !member_none. split; discriminate. }
    destruct (cell P' Q' sign s C) as (_ & _ & A & E). apply E. intros i I.
    destruct (unit_there n f units MU i I) as (r & R). destruct (unit_made n f units MU i r R) as [_ (_ & DR & V)].
    destruct (O i r R) as [OP OQ]. rewrite V in OP, OQ. specialize (HP i I). destruct (member P' (Z.of_nat i)) eqn:M.
    + apply HP. specialize (OP eq_refl). apply Rmult_le_reg_l with (IZR (denominator r)); lra.
    + destruct (A i I) as [A'|A']; [congruence|]. specialize (OQ A'). apply not_true_iff_false. intro PI. apply HP in PI.
      assert (0 <= IZR (denominator r) * affine (unit_row f i) y) by (apply Rmult_le_pos; lra). lra.
Qed.
