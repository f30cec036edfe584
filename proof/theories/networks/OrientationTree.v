(** Circuits and the tree of rule "orientation": the tree comes to every cell, so all of them are tested. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Interior Tables Combinations.
From Proof.networks Require Import CellEquations OrientationCells.
Import ListNotations.
Open Scope Z_scope.

(** * Circuits *)

Definition unit_signs := (list Z * list Z)%type.  (* the units with lambda_i > 0, the units with lambda_i < 0 *)

Definition is_zero_row (r : integer_row) : bool := forallb (fun a => a =? 0) (weights r).
Definition is_zero_function (r : integer_row) : bool := is_zero_row r && (constant r =? 0).

(** At no generic point are the units of the first list all strictly negative and those of the second all nonnegative. *)
Definition impossible_signs (units : table integer_row) (pairs : list (Z * Z)) : outcome unit_signs :=
  match terms_of units 0 pairs with
  | Bad why => Bad why
  | Good ts =>
      let positive := filter (fun t => 0 <? multiplier t) ts in
      let negative := filter is_negative ts in
      if negb (forallb (fun t => negb (multiplier t =? 0)) ts) then Bad WrongMultiplier
      else if negb (sum_nonnegative ISpace ts) then Bad NotConstant
      else if match positive with [] => forallb (fun t => is_zero_function (function t)) negative | _ => false end
      then Bad ZeroUnits
      else Good (map row_number positive, map row_number negative)
  end.

(** All circuits of the list, each acceptable, in one table. *)
Fixpoint read_impossible (units : table integer_row) (circuits : stream (list (Z * Z))) (found : table unit_signs)
  : outcome (table unit_signs) :=
  match circuits with
  | Done => Good found
  | More pairs rest =>
      match impossible_signs units pairs with
      | Good s => read_impossible units rest (with_entry found s)
      | Bad why => Bad why
      end
  end.

(** * The tree *)

Section Walk.

Variable units : list integer_row.
Variable named : table integer_row.
Variable circuits : table unit_signs.
Variable x : list Z.
Variable d : Z.
Variable equations : list equation.

Fixpoint first_outside (P : Z) (l : list Z) : option Z :=
  match l with
  | [] => None
  | i :: l' => if member P i then first_outside P l' else Some i
  end.

(** The units of P are nonnegative, those of Q strictly negative. What is left of the tokens, and the sign so far, or 0. *)
Fixpoint read_cells {A : Type} (fuel : list A) (P Q sign : Z) (tokens : stream Z) {struct fuel} : outcome (stream Z * Z) :=
  match tokens with
  | Done => Bad TreeEnds
  | More token rest =>
      if 0 <? token then
        match entry circuits (token - 1) with
        | None => Bad (NoSuchEntry (token - 1))
        | Some (positive, negative) =>
            match first_outside Q positive, first_outside P negative with
            | Some i, _ => Bad (NotNegativeUnit i)
            | None, Some i => Bad (NotNonnegativeUnit i)
            | None, None => Good (rest, sign)
            end
        end
      else if token =? 0 then
        match check_cell units x d equations P Q sign with Good s => Good (rest, s) | Bad why => Bad why end
      else
        let i := - token - 1 in
        match entry named i, fuel with
        | Some _, _ :: fuel' =>
            if member P i || member Q i then Bad (UnitHasSign i)
            else
              match read_cells fuel' (with_member P i) Q sign rest with
              | Good (rest', sign') => read_cells fuel' P (with_member Q i) sign' rest'
              | Bad why => Bad why
              end
        | _, _ => Bad (UnitHasSign i)
        end
  end.

End Walk.

Open Scope R_scope.

(** * What circuits show *)

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

(** * Where the tree comes to *)

Variable p : list Z.
Variable d : Z.
Variable equations : list equation.
Variable circuits : table unit_signs.
Hypothesis circuits_impossible : all_cells impossible_at circuits.

(** x has the signs of P and Q. *)
Definition obeys (P Q : Z) : Prop := forall i r, nth_error units i = Some r ->
  (member P (Z.of_nat i) = true -> 0 <= value r x) /\ (member Q (Z.of_nat i) = true -> value r x < 0).

(** An accepted cell in which x lies. *)
Definition cell_found (s : Z) : Prop :=
  exists P Q sign, check_cell units p d equations P Q sign = Good s /\ obeys P Q.

Hypothesis check_cell_sign : forall P Q sign s, check_cell units p d equations P Q sign = Good s ->
  s <> 0%Z /\ (sign <> 0%Z -> s = sign).

Lemma first_outside_none : forall P l, first_outside P l = None -> forall i, In i l -> member P i = true.
Proof.
  induction l as [|k l IH]; intros H i I; [destruct I|]. cbn [first_outside] in H.
  destruct (member P k) eqn:M; [|discriminate]. destruct I as [<-|I]; [exact M|apply IH; assumption].
Qed.

Lemma read_cells_sound : forall A (fuel : list A) P Q sign tokens rest s,
  read_cells units named_units circuits p d equations fuel P Q sign tokens = Good (rest, s) ->
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
    match check_cell units p d equations P Q sign with Good s => Good (rest, s) | Bad why => Bad why end = Good (rest', s) ->
    (sign <> 0%Z -> s = sign) /\ (obeys P Q -> cell_found s)).
  { intros P Q sign rest rest' s H. destruct (check_cell units p d equations P Q sign) as [s'|] eqn:C; [|discriminate].
    injection H as _ <-. split; [apply (check_cell_sign _ _ _ _ C)|]. intro O. exists P, Q, sign. split; assumption. }
  intros A. induction fuel as [|a fuel IH]; intros P Q sign [|token tokens] rest s H; cbn [read_cells] in H; try discriminate H.
  - destruct (0 <? token)%Z; [apply (leaf _ _ _ _ _ _ _ H)|]. destruct (token =? 0)%Z; [apply (cell _ _ _ _ _ _ H)|].
    destruct (entry named_units (- token - 1)); discriminate H.
  - destruct (0 <? token)%Z; [apply (leaf _ _ _ _ _ _ _ H)|]. destruct (token =? 0)%Z; [apply (cell _ _ _ _ _ _ H)|].
    set (i := (- token - 1)%Z) in *. destruct (entry named_units i) as [r|] eqn:E; [|discriminate].
    destruct (member P i || member Q i); [discriminate|].
    destruct (read_cells _ _ _ _ _ _ fuel (with_member P i) Q sign tokens) as [[rest' s']|] eqn:R; [|discriminate].
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
